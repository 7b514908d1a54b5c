"""The Clever-shaped API: a vendor's client for Clever's Data API and Events API works by changing its base address.

In:  requests under /v3.0 and /v3.1 with the token of a vendor for a district, or an access token.
Out: objects, envelopes, links and errors in Clever's shape; what is in them is read through store.reading.

    routes    every address of it
    sight     one request: who reads, what he sees, in one transaction
    asked     what stands after the question mark
    objects   schools, sections, courses, terms, districts
    people    users and their roles
    shaping   records in the shape of their kind, many at once
    lists     collections and single objects, and the lists that belong to one object
    beside    which records belong to an object
    events    what came, changed and went
    stream    the same as plain lines of JSON

Where the fields stand: Clever's Data API 3.1, its schema (github.com/Clever/swagger-api) and what it answers.
"""

from sftpingest.doors.vendor.clever.routes import routes
from sftpingest.doors.vendor.clever.stream import routes as streamed

__all__ = ["routes", "streamed"]
