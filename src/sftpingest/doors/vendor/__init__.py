"""The web door: vendors read here what districts share with them.

In: HTTP requests. Out: answers read from the store; nothing is written but access tokens.

    app       all routes in one application
    shaped    a part of it, with errors in a shape of its own
    grounds   what every request finds: the store, the settings that count here
    refused   why something is not answered: one table for all parts
    witness   one line a request in the log; what goes wrong is an answer, never a traceback
    token     OAuth 2: an access token for a client id and secret
    clients   which vendor has this client id and secret
    scopes    what an access token may be asked for
    listed    Clever's list of the tokens of districts
    seen      the districts that a token shows
    bearer    who reads, by the token that came
    rate      how often
    health    does it live, can it answer
    export/   whole kinds as files
"""

from sftpingest.doors.vendor.app import application
from sftpingest.doors.vendor.grounds import Grounds
from sftpingest.doors.vendor.refused import Refused
from sftpingest.doors.vendor.shaped import part

__all__ = ["Grounds", "Refused", "application", "part"]
