"""Read every collection of OneRoster 1.1 with a client that others made, and one record of each by its id.

Run by build/oneroster, which has the client: `python reads_1_1.py ADDRESS TOKEN`. It raises where a record is wrong.
"""

import sys

import oneroster_client  # type: ignore[import-not-found]  # it is in build/oneroster alone

#: API, collection, single record.
READS = [
    ("AcademicSessions", "academic_sessions", "academic_session"),
    ("Classes", "classes", "_class"),
    ("Courses", "courses", "course"),
    ("Demographics", "demographics", "demographic"),
    ("Enrollments", "enrollments", "enrollment"),
    ("GradingPeriods", "grading_periods", "grading_period"),
    ("Orgs", "orgs", "org"),
    ("Schools", "schools", "school"),
    ("Students", "students", "student"),
    ("Teachers", "teachers", "teacher"),
    ("Terms", "terms", "term"),
    ("Users", "users", "user"),
]


def main(address: str, token: str) -> None:
    configuration = oneroster_client.Configuration()
    configuration.host, configuration.access_token = address, token
    client = oneroster_client.ApiClient(configuration)
    for name, collection, single in READS:
        api = getattr(oneroster_client, f"{name}ManagementApi")(client)
        answer = getattr(api, f"get_{collection}")(limit=100, offset=0)
        found = next(value for value in vars(answer).values() if isinstance(value, list))
        assert found, name
        one = getattr(api, f"get_{single.lstrip('_')}")(found[0].sourced_id)
        assert found[0].sourced_id in str(one), name
        sys.stdout.write(f"{collection}: {len(found)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
