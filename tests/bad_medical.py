"""The bad-input corpus: more than 700 files that hospitals, networks and malice produce, written from a few good ones.

Every file is made here from bytes; nothing is copied from anywhere. `write` lays them below a folder, `mutated` damages
good files at random, with a seed.
"""

import gzip
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.config import disable_value_validation
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

Pixels = NDArray[Any]
ROWS, COLUMNS = 12, 16
BYTES = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}


def noise(seed: int = 0, kind: str = "<u2", rows: int = ROWS, columns: int = COLUMNS) -> Pixels:
    """Return (row, column) values that are never constant."""
    return np.random.default_rng(seed).integers(0, 200, (rows, columns)).astype(kind)


# ---- good files ----------------------------------------------------------------------------------------------------


def dicom(
    changes: dict[str, Any] | None = None, syntax: str = ExplicitVRLittleEndian, pixels: bytes | None = None
) -> bytes:
    """Return a CT slice; `changes` are attributes, None removes one."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, "1.2.3.4"
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    attributes: dict[str, Any] = {
        "SOPClassUID": CTImageStorage, "SOPInstanceUID": "1.2.3.4", "SeriesInstanceUID": "1.2", "Modality": "CT",
        "PatientID": "P1", "Rows": ROWS, "Columns": COLUMNS, "BitsAllocated": 16, "BitsStored": 16, "HighBit": 15,
        "PixelRepresentation": 0, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2",
        "PixelSpacing": [0.5, 0.75], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "RescaleSlope": 1,
        "ImagePositionPatient": [0, 0, 0], "RescaleIntercept": -1024, "PixelData": pixels or noise().tobytes(),
        **(changes or {}),
    }  # fmt: skip
    with disable_value_validation():
        for keyword, value in attributes.items():
            if value is not None:
                setattr(dataset, keyword, value)
    if syntax != ExplicitVRLittleEndian and "PixelData" in dataset:
        dataset["PixelData"].is_undefined_length = True
    target = io.BytesIO()
    with disable_value_validation():
        dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def nifti(kind: str = "<i2", code: int = 4, shape: tuple[int, ...] = (5, 4, 3)) -> bytes:
    """Return a NIfTI-1 file of `shape` (x, y, z)."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, len(shape), *shape, *[1] * (7 - len(shape)))
    struct.pack_into("<2h", header, 70, code, 8 * np.dtype(kind).itemsize)
    struct.pack_into("<8f", header, 76, 1, 1, 2, 3, 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    header[123] = 2
    struct.pack_into("<h", header, 254, 1)
    struct.pack_into("<12f", header, 280, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0)
    header[344:348] = b"n+1\0"
    return bytes(header) + noise(1, kind, 1, int(np.prod(shape))).tobytes()


NRRD = {"type": "short", "dimension": "3", "space": "left-posterior-superior", "sizes": "5 4 3",
        "space directions": "(1,0,0) (0,2,0) (0,0,3)", "kinds": "domain domain domain", "endian": "little",
        "encoding": "raw", "space origin": "(0,0,0)"}  # fmt: skip
META = {"ObjectType": "Image", "NDims": "3", "BinaryData": "True", "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False", "TransformMatrix": "1 0 0 0 1 0 0 0 1", "Offset": "0 0 0",
        "ElementSpacing": "1 2 3", "DimSize": "5 4 3", "ElementType": "MET_SHORT",
        "ElementDataFile": "LOCAL"}  # fmt: skip
VOXELS = noise(2, "<i2", 1, 60).tobytes()


def nrrd(changes: dict[str, str | None] | None = None, voxels: bytes = VOXELS, more: bytes = b"") -> bytes:
    """Return an NRRD file; None removes a field."""
    fields = {**NRRD, **(changes or {})}
    lines = "".join(f"{name}: {value}\n" for name, value in fields.items() if value is not None)
    return b"NRRD0004\n" + lines.encode("utf-8") + more + b"\n" + voxels


def meta(changes: dict[str, str | None] | None = None, voxels: bytes = VOXELS) -> bytes:
    """Return a MetaImage; None removes a field."""
    fields = {**META, **(changes or {})}
    last = fields.pop("ElementDataFile")
    lines = "".join(f"{name} = {value}\n" for name, value in fields.items() if value is not None)
    return lines.encode() + (f"ElementDataFile = {last}\n".encode() if last is not None else b"") + voxels


def picture(kind: str, mode: str = "L") -> bytes:
    """Return a small picture in a format of Pillow's."""
    target = io.BytesIO()
    Image.fromarray(noise(3, "u1")).convert(mode).save(target, kind)
    return target.getvalue()


def good() -> dict[str, bytes]:
    """Return one good file of each kind, by a name with the right ending."""
    return {
        "g.dcm": dicom(), "g.nii": nifti(), "g.nii.gz": gzip.compress(nifti()), "g.nrrd": nrrd(), "g.mha": meta(),
        "gz.nrrd": nrrd({"encoding": "gzip"}, gzip.compress(VOXELS)),
        "gz.mha": meta({"CompressedData": "True"}, zlib.compress(VOXELS)), "float.nii": nifti("<f4", 16),
        "rle.dcm": dicom(syntax="1.2.840.10008.1.2.5", pixels=encapsulate([rle(noise())])),
        "jpeg.dcm": dicom(BYTES, "1.2.840.10008.1.2.4.50",
                          encapsulate([picture("JPEG")])),
        "j2k.dcm": dicom(BYTES, "1.2.840.10008.1.2.4.90",
                         encapsulate([picture("JPEG2000")])),
        "rgb.dcm": dicom({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0,
                          **BYTES}, pixels=noise(4, "u1", 3 * ROWS).tobytes()),
        "deflated.dcm": deflated(dicom()), "g.png": picture("PNG"), "g.jpg": picture("JPEG"), "g.tif": picture("TIFF"),
    }  # fmt: skip


def rle(values: Pixels) -> bytes:
    """Return 16-bit values as two RLE segments, all of them literal runs."""
    planes = []
    for byte in (1, 0):
        plane = values.view("u1").reshape(-1, 2)[:, byte].tobytes()
        runs = b"".join(
            bytes([len(part) - 1]) + part for part in (plane[at : at + 128] for at in range(0, len(plane), 128))
        )
        planes.append(runs + b"\0" * (len(runs) % 2))
    return struct.pack("<16L", 2, 64, 64 + len(planes[0]), *[0] * 13) + b"".join(planes)


def deflated(content: bytes, body: bytes | None = None) -> bytes:
    """Return a file in the deflated syntax; `body` replaces its compressed part."""
    end = 144 + int.from_bytes(content[140:144], "little")
    head, rest = content[:end], content[end:]
    pack = zlib.compressobj(wbits=-15)
    uid, wanted = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99"
    head = head.replace(b"\x14\0" + uid, b"\x16\0" + wanted)
    head = head[:140] + (len(head) - 144).to_bytes(4, "little") + head[144:]
    return head + (pack.compress(rest) + pack.flush() if body is None else body)


# ---- bad files -----------------------------------------------------------------------------------------------------


def bad_dicom() -> Iterator[tuple[str, bytes]]:
    """Yield headers that are wrong in one place, and more."""
    wrong: dict[str, list[Any]] = {
        "Rows": [None, 0, 1, 5, 13, 65535], "Columns": [None, 0, 1, 15, 17, 65535],
        "BitsAllocated": [None, 0, 1, 7, 8, 12, 24, 32, 64], "BitsStored": [None, 0, 1, 12, 17, 32],
        "HighBit": [None, 0, 11, 14, 16], "PixelRepresentation": [None, 1, 2, 65535],
        "SamplesPerPixel": [None, 0, 2, 3, 4], "NumberOfFrames": [0, 1, 2, 9, "1", 100000, 2**31 - 1],
        "PhotometricInterpretation": [None, "", "MONOCHROME1", "RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR",
                                      "CMYK", "HSV", "NONSENSE"],
        "PixelSpacing": [None, [0, 1], [-1, 1], [1e9, 1], ["1"], [1, 2, 3]],
        "ImageOrientationPatient": [None, [0] * 6, [1, 0, 0, 1, 0, 0], [2, 0, 0, 0, 2, 0], [1, 0, 0],
                                    [1, 0, 0, 0, 0.9, 0]],
        "ImagePositionPatient": [None, [0, 0], [1e30, 0, 0], [0, 0, 0, 0]],
        "RescaleSlope": [None, 0, -1, "1e300", "0.5"], "RescaleIntercept": [None, "1e300", "0.25", -32768, 1e8],
        "RescaleType": ["HU", "US", "MGML", "X" * 16], "Modality": [None, "", "MR", "US", "OT", "XX", "A" * 16],
        "PatientID": [None, "", "P" * 64, "Ä^Ö"], "SeriesInstanceUID": [None, ""], "InstanceNumber": ["", "1", "-5"],
        "BurnedInAnnotation": ["YES", "NO", "?"], "PixelData": [b"", b"\0\0", noise().tobytes()[:-2],
                                                                noise().tobytes() * 2, b"\0" * 384],
    }  # fmt: skip
    for keyword, values in wrong.items():
        for number, value in enumerate(values):
            yield f"{keyword}-{number}.dcm", dicom({keyword: value})
    for number, uid in enumerate(["1.2.840.10008.1.2.4.100", "1.2.3", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.5",
                                  "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80",
                                  "1.2.840.10008.1.2.4.90"]):  # fmt: skip
        yield f"syntax-{number}.dcm", dicom(syntax=uid, pixels=encapsulate([b"not an image"]))
    for number, text in enumerate([b"nan", b"inf", b"-inf", b"x", b"1\\2", b"9" * 16]):
        yield f"slope-{number}.dcm", dicom({"RescaleSlope": "1.234567"}).replace(b"1.234567", text[:8].ljust(8))
        yield f"space-{number}.dcm", dicom({"PixelSpacing": [0.125, 0.375]}).replace(b"0.125", text[:5].ljust(5))
    plain = dicom()
    yield "doubled.dcm", plain + plain
    yield "tail.dcm", plain + b"\xfc\xff\xfc\xff" + b"OB\0\0\4\0\0\0" + b"\0" * 4
    yield "no-preamble.dcm", plain[128:]
    yield "no-magic.dcm", plain[:128] + b"XXXX" + plain[132:]
    yield "only-magic.dcm", plain[:132]
    yield "nested.dcm", nested(3000)
    yield "very-nested.dcm", nested(20_000)
    yield "lookup.dcm", dicom({**BYTES, "PhotometricInterpretation":
                               "PALETTE COLOR"}, pixels=noise(5, "u1").tobytes())  # fmt: skip
    yield "deflated-bomb.dcm", deflated(plain, deflated_zeros(64 << 20))
    yield "deflated-cut.dcm", deflated(plain)[:-9]
    yield "deflated-damaged.dcm", deflated(plain, b"\xff" * 60)
    yield "float.dcm", dicom({"PixelData": None, "FloatPixelData": noise().tobytes(), "BitsAllocated": 32})
    yield "claims-terabytes.dcm", dicom({"Rows": 20000, "Columns": 20000, "NumberOfFrames": 99999})
    yield "rle-planes.dcm", dicom(BYTES, "1.2.840.10008.1.2.5",
                                  encapsulate([rle(noise())]))  # fmt: skip
    yield "jls-rows.dcm", dicom({"Rows": 4, **BYTES}, "1.2.840.10008.1.2.4.50",
                                encapsulate([picture("JPEG")]))  # fmt: skip
    yield "jpeg-colour-as-grey.dcm", dicom(BYTES,
                                           "1.2.840.10008.1.2.4.50", encapsulate([picture("JPEG", "RGB")]))  # fmt: skip


def nested(depth: int) -> bytes:
    """Return a file whose sequences lie in each other `depth` deep."""
    start = b"\x40\0\x75\xa3SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    plain = dicom()
    at = plain.index(b"\xe0\x7f\x10\0")
    return plain[:at] + start * depth + plain[at:]


def deflated_zeros(count: int) -> bytes:
    pack = zlib.compressobj(9, wbits=-15)
    return pack.compress(bytes(count)) + pack.flush()


def cut(name: str, content: bytes, pieces: int) -> Iterator[tuple[str, bytes]]:
    """Yield a file cut off at `pieces` places."""
    stem, _, suffix = name.partition(".")
    for number, end in enumerate(np.linspace(1, len(content) - 1, pieces).astype(int)):
        yield f"{stem}-cut-{number}.{suffix}", content[:end]


def bad_volumes() -> Iterator[tuple[str, bytes]]:
    """Yield NIfTI, NRRD and MetaImage whose headers are wrong in one place."""
    fields = {"sizeof": (0, "<i", [0, 540, -1, 1543569408]), "dims": (40, "<h", [0, 1, 2, 4, 5, 7, -3, 200]),
              "x": (42, "<h", [0, -5, 1, 6, 32767]), "y": (44, "<h", [0, -5, 5, 32767]), "z": (46, "<h", [0, -5, 4, 9]),
              "type": (70, "<h", [0, 1, 2, 8, 16, 32, 128, 1792, 9999]), "bits": (72, "<h", [0, 8, 32]),
              "dx": (80, "<f", [0, -1, np.nan, np.inf, 1e9]), "offset": (108, "<f", [0, 348, 353, np.nan, -1, 1e30]),
              "slope": (112, "<f", [0, np.nan, np.inf, 1e30, -2]), "intercept": (116, "<f", [np.nan, np.inf, 1e30]),
              "magic": (344, "<i", [0, 0x0031696E, 0x0032_2B6E]), "qform": (252, "<h", [1, 99, -1]),
              "sx": (280, "<f", [0, np.nan, 1e30]), "sy": (284, "<f", [0.7, np.inf])}  # fmt: skip
    for name, (at, form, values) in fields.items():
        for number, value in enumerate(values):
            whole = bytearray(nifti())
            struct.pack_into(form, whole, at, value)
            yield f"{name}-{number}.nii", bytes(whole)
            yield f"{name}-{number}-gz.nii.gz", gzip.compress(bytes(whole))
    for number, value in enumerate([np.nan, np.inf, -np.inf]):
        yield f"nan-{number}.nii", nifti("<f4", 16)[:-4] + struct.pack("<f", value)
    yield "bomb.nii.gz", gzip.compress(nifti()[:42] + struct.pack("<3h", 512, 512, 900) + nifti()[48:])
    changes: dict[str, list[str | None]] = {
        "type": [None, "", "block", "float", "uchar", "int128", "unsigned long long int"],
        "dimension": [None, "0", "2", "4", "16", "x", "-3", "99999999999999999999"],
        "sizes": [None, "", "5 4", "5 4 4", "5 4 0", "5 4 -3", "5 4 x", "99999 99999 99999", "5 4 3 1", "1 1 1"],
        "space directions": [None, "(0,0,0) (0,0,0) (0,0,0)", "(nan,0,0) (0,1,0) (0,0,1)", "none (0,1,0) (0,0,1)",
                             "(1,1,0) (0,1,0) (0,0,1)", "x", "(1,0) (0,1)", "(1e9,0,0) (0,1,0) (0,0,1)"],
        "encoding": [None, "hex", "ascii", "bzip2", "gzip", "RAW", "x"], "endian": [None, "big", "middle"],
        "data file": ["/etc/passwd", "../x.raw", "x.raw", "LIST", "x%03d.raw 1 3 1", "/dev/zero"],
        "kinds": ["vector domain domain", "RGB-color domain domain", "???"],
        "space origin": ["(nan,0,0)", "(0,0)", "x"],
        "byte skip": ["0", "-1", "8", "x"], "line skip": ["3"], "spacings": ["1 2 3", "0 1 1", "nan 1 1", "x"],
        "space": ["RAS", "scanner-xyz", "4D-nonsense", "x" * 300], "thicknesses": ["1 1 1"], "Ärzte": ["x"],
    }  # fmt: skip
    for field, values in changes.items():
        for number, value in enumerate(values):
            yield f"nrrd-{field.replace(' ', '-')}-{number}.nrrd", nrrd({field: value})
    yield "lines.nrrd", nrrd(more=b"k:=v\n" * 200_000)
    yield "comments.nrrd", nrrd(more=b"# nothing\n" * 100)
    yield "twice.nrrd", nrrd(more=b"sizes: 5 4 3\n")
    yield "version.nrrd", b"NRRD0009" + nrrd()[8:]
    yield "nan.nrrd", nrrd({"type": "float"}, np.full(60, np.nan, "<f4").tobytes())
    yield "bomb.nrrd", nrrd({"encoding": "gzip", "sizes": "1024 1024 200"}, gzip.compress(bytes(1000)))
    yield "detached.nhdr", nrrd({"data file": "/etc/passwd"}, b"")
    metas: dict[str, list[str | None]] = {
        "NDims": [None, "2", "4", "x", "0"],
        "DimSize": [None, "5 4", "5 4 4", "5 4 0", "5 4 -1", "x", "99999 99999 99"],
        "ElementType": [None, "MET_LONG", "MET_SHORT_ARRAY", "MET_OTHER", "MET_FLOAT", "x"],
        "ElementSpacing": [None, "0 1 1", "-1 1 1", "nan 1 1", "1 1", "x"], "TransformMatrix": [None, "1 0 0", "0 " * 9,
                                                                                                "1 1 0 0 1 0 0 0 1"],
        "Offset": [None, "nan 0 0", "x"], "CompressedData": ["True", "x"], "BinaryData": [None, "False"],
        "BinaryDataByteOrderMSB": ["True"], "ElementDataFile": [None, "/etc/passwd", "../x.raw", "x.raw", "LIST", ""],
        "ElementNumberOfChannels": ["1", "3", "x"], "HeaderSize": ["0", "-1", "64"], "Comment": ["SMITH^JOHN"],
        "ObjectType": [None, "Tube"],
    }  # fmt: skip
    for field, values in metas.items():
        for number, value in enumerate(values):
            yield f"meta-{field}-{number}.mha", meta({field: value})
    yield "detached.mhd", meta({"ElementDataFile": "/etc/passwd"}, b"")
    yield "list.mhd", meta({"ElementDataFile": "LIST"}, b"a.raw\nb.raw\n")


def bad_pictures() -> Iterator[tuple[str, bytes]]:
    """Yield pictures that are something else, and other files that are called pictures."""
    for suffix, content in (
        ("png", b"\x89PNG\r\n\x1a\n"), ("png", b"GIF89a" + bytes(30)), ("jpg", b"\xff\xd8\xff"), ("png", b"text"),
        ("tif", b"II*\0\xff\xff\xff\xff"), ("bmp", b"BM" + bytes(60)), ("png", picture("GIF")),
        ("jpg", picture("PNG")),
        ("png", picture("JPEG")), ("tif", picture("BMP")), ("png", picture("WEBP")), ("jpeg", dicom()),
        ("bmp", nifti()),
        ("png", picture("PNG", "1")), ("png", picture("PNG", "RGBA")), ("png", picture("PNG", "P")),
        ("jpg", picture("JPEG", "CMYK")), ("tif", picture("TIFF", "F")), ("png", zlib.compress(b"x")), ("jpg", b"\0"),
    ):  # fmt: skip
        yield f"odd-{len(content)}-{zlib.crc32(content) & 0xFFFF}.{suffix}", content
    for name in ("g.dcm", "g.nii", "g.nrrd", "g.mha", "g.png"):
        content = good()[name]
        for suffix in ("dcm", "nii", "nii.gz", "nrrd", "nhdr", "mha", "mhd", "png", "tif", "txt", "ima"):
            if not name.endswith("." + suffix):
                yield f"wrong-{name[2:]}.{suffix}", content
    stubs = [b"\0", b"\n", b"\0" * 200, b"DICM", b"\0" * 128 + b"DICM", b"NRRD0004", b"NRRD0004\n\n", b"n+1\0",
             b"ObjectType = Image\n", b"<html>", b"%PDF-1.4", b"PK\3\4" + bytes(60)]  # fmt: skip
    for number, content in enumerate(stubs):
        for suffix in ("dcm", "nii", "nii.gz", "nrrd", "mha", "png"):
            yield f"stub-{number}.{suffix}", content


NAMES = ["spa ce", "quo'te", 'dou"ble', "new\nline", "tab\t", "emoji😀", "\u202ertl", "<img src=x onerror=alert(1)>",
         "a&b",
         "per%20cent", "back\\slash", "colon:1", "semi;colon", "star*", "question?", "pipe|", "dollar$HOME", "`id`",
         "-rf", "..dots", "dot.", " lead", "trail ", "ümlaut", "中文", "ع", "a" * 200, "CON", "nul", "x.dcm.png",
         "[1]", "{a}", "(1)", "#hash", "@at", "!bang", "^caret", "~tilde", "+plus", "=equal", ",comma"]  # fmt: skip


def write(folder: Path) -> list[Path]:
    """Write the corpus below `folder`, one sub-folder a group, and return the files."""
    groups: dict[str, list[tuple[str, bytes]]] = {
        "dicom": list(bad_dicom()), "volumes": list(bad_volumes()), "pictures": list(bad_pictures()),
        "cut": [member for name, content in good().items() for member in cut(name, content, 10)],
        "names": [(f"{name}.dcm", dicom({"SeriesInstanceUID": "1.77"}, pixels=noise(at + 10).tobytes()))
                  for at, name in enumerate(NAMES)],
    }  # fmt: skip
    files = []
    for group, members in groups.items():
        (folder / group).mkdir(parents=True)
        for name, content in members:
            path = folder / group / name
            path.write_bytes(content)
            files.append(path)
    return files


def mutated(folder: Path, count: int, seed: int = 0) -> list[Path]:
    """Write `count` files, each a good one with a few bytes changed, removed, repeated or put in."""
    random = np.random.default_rng(seed)
    originals = list(good().items())
    ways: list[Callable[[bytearray, int], None]] = [_flip, _remove, _repeat, _insert]
    files = []
    folder.mkdir(parents=True)
    for number in range(count):
        name, content = originals[number % len(originals)]
        whole = bytearray(content)
        for _ in range(int(random.integers(1, 8))):
            # Headers hold what can be dangerous; half of the changes fall into the first kilobyte.
            reach = len(whole) if random.random() < 0.5 else min(len(whole), 1024)
            ways[int(random.integers(len(ways)))](whole, int(random.integers(0, max(1, reach))))
        path = folder / f"{number:03}-{name}"
        path.write_bytes(bytes(whole))
        files.append(path)
    return files


def _flip(whole: bytearray, at: int) -> None:
    if at < len(whole):
        whole[at] ^= 1 << (at % 8)


def _remove(whole: bytearray, at: int) -> None:
    del whole[at : at + 1 + at % 16]


def _repeat(whole: bytearray, at: int) -> None:
    whole[at:at] = whole[at : at + 1 + at % 32]


def _insert(whole: bytearray, at: int) -> None:
    whole[at:at] = (b"\xff" * 4, b"\0" * 8, b"\x7f\xff", b"-1")[at % 4]
