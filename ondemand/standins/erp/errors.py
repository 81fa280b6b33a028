"""What the park's control API refuses."""

from http import HTTPStatus


class Refused(Exception):
    """A call that the park does not obey: answered with `status` and a JSON body of `code` and `message`."""

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Unknown(Refused):
    status = HTTPStatus.NOT_FOUND


class Conflict(Refused):
    status = HTTPStatus.CONFLICT


class Unauthorized(Refused):
    status = HTTPStatus.UNAUTHORIZED
