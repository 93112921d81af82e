"""What can go wrong with a storage, in words: classified once, here. Opens no socket.

Its packages may not be installed, so that their errors are known by their names.
"""

from __future__ import annotations

import errno
import socket
from typing import Any
from urllib.parse import urlsplit

from clawlocal.errors import OffloadError
from clawlocal.offload import ssh, storage_address
from clawlocal.offload.faults import causes
from clawlocal.records import Remote
from trainers.remote_system import S3, SFTP, kind

NOT_THERE, FULL, NO_BUCKET, NO_ANSWER, NO_SERVER = "not there", "storage full", "no bucket", "no answer", "no server"
"""Outcomes."""
_SHOWN = 200
_EXTRAS = {S3: "'clawlocal[s3]'", SFTP: "'clawlocal[sftp]'", "gs": "gcsfs", "abfs": "adlfs"}
_KEY = "`aws configure`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_TEXTS = {
    NOT_THERE: "There is no such file in the storage {where}: `clawlocal offload test {name}` says what works there.",
    FULL: "The storage {where} is full: free some space there, or have its quota raised, then try again.",
    NO_BUCKET: "There is no bucket {bucket} at {host}: make it there, or add {name} again with the right address.",
    NO_SERVER: "Nothing says which server has the storage {where}: remove {name}, then add it again.",
    "not permitted": "The storage {where} may not be written or read{by}: change its permissions, then try again.",
    "no key": f"There is no key for the storage {{where}} in your AWS settings: {_KEY} set one. "
    "Keys that another host would have to be asked for are not used.",
    "key refused": f"{{host}} does not accept the key for the storage {{where}}: {_KEY} correct it.",
    "clock": "{host} refuses a request of another time than its own: correct this machine's clock, then try again.",
    "certificate": "The certificate of {host} cannot be trusted: have it mended, or name the file that holds its "
    "authority in AWS_CA_BUNDLE.",
    "unknown host": "The host {host} of the storage is not known: check the address with `clawlocal offload list`.",
    "refused": "Nothing answers at {host}: check that the storage runs there, then try again.",
    NO_ANSWER: "The storage {where} cannot be reached: check the network and that it runs, then try again.",
    "stalled": "The storage {where} fell silent and was given up: it may be overloaded, so try again later.",
    "cut off": "The link to the storage {where} broke off: check the network, then try again.",
    "busy": "The storage {where} takes no more requests for now: try again later.",
    "no SFTP": "{host} lets you in and has no SFTP: have whoever runs it allow that (Subsystem sftp).",
    "unexplained": "The storage {where} failed and does not say why: see whether there is space and a quota left, then "
    "try again.",
}
_CODES = {
    "NoSuchBucket": NO_BUCKET,
    "NoSuchKey": NOT_THERE,
    "404": NOT_THERE,
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"), "key refused"),
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "AccountProblem", "403"), "not permitted"),
    "RequestTimeTooSkewed": "clock",
    **dict.fromkeys(("XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "507"), FULL),
    **dict.fromkeys(("SlowDown", "ServiceUnavailable", "TooManyRequests", "503", "429"), "busy"),
    "RequestTimeout": "stalled",
}
"""What S3 servers say."""
_ELSEWHERE = ("PermanentRedirect", "TemporaryRedirect", "Redirect", "AuthorizationHeaderMalformed", "301", "307", "400")
_CLASSES = {
    **dict.fromkeys(("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"), "no key"),
    "CredentialRetrievalError": "no key",
    "SSLError": "certificate",
    "ConnectTimeoutError": NO_ANSWER,
    "ReadTimeoutError": "stalled",
    **dict.fromkeys(("SFTPNoSuchFile", "SFTPNoSuchPath"), NOT_THERE),
    **dict.fromkeys(("SFTPPermissionDenied", "SFTPWriteProtect"), "not permitted"),
    **dict.fromkeys(("SFTPNoSpaceOnFilesystem", "SFTPQuotaExceeded"), FULL),
    "SFTPFailure": "unexplained",
    **dict.fromkeys(("ConnectionLost", "SFTPConnectionLost", "SFTPNoConnection", "ConnectionClosedError"), "cut off"),
    **dict.fromkeys(
        ("ClientPayloadError", "IncompleteRead", "IncompleteReadError", "ResponseStreamingError"), "cut off"
    ),
}
"""Of botocore, aiohttp and asyncssh."""
_NO_CHANNEL = "create any SFTP"
"""Of sshfs, which keeps the reason to itself."""
_UNREACHED = "EndpointConnectionError"
"""Of botocore; what the system said of it is better."""


def in_words(e: Exception, remote: Remote) -> OffloadError:
    """The error that a person may meet for `e`."""
    found = list(causes(e))
    if any(isinstance(cause, ImportError) for cause in found):
        extra = _EXTRAS.get(kind(remote.storage), "fsspec")
        text = f"The storage {remote.storage} needs one more package: `pip install {extra}`, then try again."
        return OffloadError(text, "no package")
    for cause in found:
        said = _of_s3(cause, remote) or _of_ssh(cause, remote)
        if said is not None:
            return said
    if _NO_CHANNEL in str(e):
        return told("no SFTP", remote)
    for cause in found:
        outcome = _CLASSES.get(type(cause).__name__) or _of_system(cause)
        if outcome is not None:
            return told(outcome, remote)
    if type(e).__name__ == _UNREACHED:
        return told("refused", remote)
    words = " ".join((getattr(e, "strerror", None) or str(e) or type(e).__name__).split())[:_SHOWN]
    return OffloadError(f"The storage {remote.storage} failed ({words}): try again later.")


def told(outcome: str, remote: Remote) -> OffloadError:
    """The error for one of the outcomes."""
    by = " with your key" if kind(remote.storage) == S3 else ""
    where = {"where": remote.storage, "host": _host(remote), "bucket": _bucket(remote), "by": by}
    return OffloadError(_TEXTS[outcome].format(name=remote.name, **where), outcome)


def went_elsewhere(host: str, remote: Remote) -> OffloadError:
    """A server sent us to another one, and nobody went there."""
    text = (
        f"{_host(remote)} points to {host}, which was not granted, and nothing was sent there: add {remote.name} again "
        "with --storage-endpoint naming it."
    )
    return OffloadError(text, "redirect")


def _of_s3(e: BaseException, remote: Remote) -> OffloadError | None:
    response = getattr(e, "response", None)
    if not isinstance(response, dict):
        return None
    code = str(response.get("Error", {}).get("Code", ""))
    if code in _CODES:
        return told(_CODES[code], remote)
    region = _region(response)
    if code in _ELSEWHERE and region:
        text = (
            f"The bucket {_bucket(remote)} is in the region {region}: add {remote.name} again with "
            f"--storage-endpoint https://s3.{region}.amazonaws.com."
        )
        return OffloadError(text, "redirect")
    said = " ".join(str(response.get("Error", {}).get("Message", "")).split()).rstrip(".")[:_SHOWN]
    words = f", it says “{said}”" if said else ""
    return OffloadError(f"{_host(remote)} did not do it ({code}){words}: mend that, or try again later.")


def _region(response: dict[str, Any]) -> str:
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("x-amz-bucket-region") or response.get("Error", {}).get("Region", ""))


def _of_ssh(e: BaseException, remote: Remote) -> OffloadError | None:
    """What OpenSSH would have said of it, in the words that are used for a tunnel."""
    match type(e).__name__:
        case "HostKeyNotVerifiable" | "KeyExchangeFailed":
            # Imported here: it needs the package that raised this.
            from clawlocal.offload import sftp_door

            if sftp_door.knows(remote):
                said = "REMOTE HOST IDENTIFICATION HAS CHANGED"
            elif type(e).__name__ == "HostKeyNotVerifiable":
                said = "Host key verification failed"
            else:
                return None
        case "PermissionDenied":
            said = "Permission denied"
        case _:
            return None
    host = _host(remote)
    user = urlsplit(remote.storage).username
    return ssh.in_words(said, remote.name, f"{user}@{host}" if user else host, host)


def _of_system(e: BaseException) -> str | None:
    match e:
        case FileNotFoundError():
            return NOT_THERE
        case PermissionError():
            return "not permitted"
        case socket.gaierror():
            return "unknown host"
        case ConnectionRefusedError():
            return "refused"
        case TimeoutError():
            return "stalled"
        case ConnectionError():
            return "cut off"
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return FULL
    return None


def _host(remote: Remote) -> str:
    return storage_address.host(remote.storage, remote.storage_endpoint) or remote.storage


def _bucket(remote: Remote) -> str:
    return urlsplit(remote.storage).netloc
