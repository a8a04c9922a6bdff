"""The four shapes of a HaloPSA error: a JSON string, a map of fields, an exception object, and nothing at all."""

from __future__ import annotations

from billbridge.simulators.server import Response


class Refusal(Exception):
    """The call is answered with `response` instead of being carried out."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def empty(status: int) -> Response:
    """A status without a body, as HaloPSA answers 401, 403 and 404."""
    return Response(status=status)


def rule(text: str) -> Response:
    """400 for a business rule: a bare JSON string."""
    return Response.json(text, 400)


def field_map(name: str, text: str) -> Response:
    """400 for a value of a wrong type: field -> messages."""
    return Response.json({name: [text]}, 400)


def exception(message: str) -> Response:
    """400 for an error deep inside: a serialised .NET exception."""
    return Response.json(
        {
            "ClassName": "System.Exception",
            "Message": message,
            "Data": None,
            "InnerException": None,
            "HelpURL": None,
            "StackTraceString": None,
            "RemoteStackTraceString": None,
            "RemoteStackIndex": 0,
            "ExceptionMethod": None,
            "HResult": -2146233088,
            "Source": None,
            "WatsonBuckets": None,
        },
        400,
    )


def null_refused(column: str, table: str) -> Response:
    """400 for a column that may not be NULL, as the database words it."""
    return exception(
        f"A database error occurred (515) - Cannot insert the value NULL into column '{column}', "
        f"table 'HALO.dbo.{table}'; column does not allow nulls. INSERT fails.."
    )


def too_long(column: str, table: str) -> Response:
    """400 for a text longer than its column, as the database words it."""
    return exception(
        "A database error occurred (2628) - String or binary data would be truncated in table "
        f"'HALO.dbo.{table}', column '{column}'.."
    )
