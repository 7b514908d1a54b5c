"""The OneRoster door: rostering 1.2 with all its 41 reads, and the same reads of 1.1.

In: HTTP requests with a token whose scopes open it. Out: records that are seen, in the shape of OneRoster.

    door        both releases, mounted in the web door
    operations  the 41 paths, with their scopes
    lists       what each of them reads
    query       page, order, filter, fields of a request
    reads       one request: what it reads, in one transaction
    few         orgs and sessions, of which there are few
    seats       enrollments
    sorts       users, courses, classes, demographics
    shapes      records in the shape of OneRoster; people, places: those of these
    meaning     property by property what of our columns it is
    derived     records that OneRoster asks for and no district has
    words       OneRoster's words for ours
    entities    the names of properties
    answer      the envelope, links, refusals
    remembered  what is so as long as a state of the store lasts
"""

from sftpingest.doors.vendor.oneroster.door import mounts

__all__ = ["mounts"]
