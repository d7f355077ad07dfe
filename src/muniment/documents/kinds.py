"""What kind of file it is, told from its first bytes and never from its name."""

HEAD_SIZE = 4096
"""Bytes :func:`kind_of` and :func:`resemblance` want to see, or the whole file if it is shorter."""

EXTENSIONS = frozenset(
    {".pdf", ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".bmp", ".dib", ".gif"}
    | {".heic", ".heif", ".hif"}
)
"""What a folder is searched for; compared in lower case."""

SUPPORTED = "PDF, PNG, JPEG, TIFF, WebP, BMP, GIF and HEIC"
"""For messages."""

_PDF_HEADER_WITHIN = 1024

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

_RESEMBLANCES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office file"),
    (b"{\\rtf", "an RTF text"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (b"AT&TFORM", "a DjVu file"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"8BPS", "a Photoshop image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)

_ZIP_RESEMBLANCES = (
    (b"word/", "a Word document"),
    (b"xl/", "an Excel workbook"),
    (b"ppt/", "a PowerPoint presentation"),
    (b"[Content_Types].xml", "a Microsoft Office file"),
    (b"application/vnd.oasis.opendocument", "an OpenDocument file"),
    (b"application/epub+zip", "an EPUB book"),
)


def kind_of(head: bytes) -> str | None:
    """The kind of the file that begins with ``head``: "pdf", "png", "jpeg", "tiff", "webp", "bmp", "gif" or "heic".

    None if it is no kind that can be opened. A PDF's header may stand behind up to 1,024 bytes of something else.
    """
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and _is_heif(head):
        return "heic"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return "bmp"
    if b"%PDF-" in head[: _PDF_HEADER_WITHIN + len(b"%PDF-")]:
        return "pdf"
    return None


def _is_heif(head: bytes) -> bool:
    major = head[8:12]
    return major in _HEIF_BRANDS and (major not in (b"mif1", b"msf1") or b"avif" not in head[16:64])


def resemblance(head: bytes) -> str:
    """What a file that cannot be opened seems to be, with its article: "a Word document"; "" if nobody knows."""
    for signature, what in _RESEMBLANCES:
        if head.startswith(signature):
            return what
    if head.startswith(b"PK\x03\x04"):
        return next((what for mark, what in _ZIP_RESEMBLANCES if mark in head), "a ZIP archive")
    if head[4:8] == b"ftyp":
        return "an AVIF image" if b"avif" in head[8:64] else "a video"
    return _text_resemblance(head)


def _text_resemblance(head: bytes) -> str:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if b"<svg" in start[:512]:
        return "an SVG drawing"
    if start.startswith(b"<?xml"):
        return "an XML file"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "a text file"
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return "a text file" if head and not control else ""
