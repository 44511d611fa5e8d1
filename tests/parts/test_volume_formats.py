"""NIfTI-2, 4-D and colour volumes: the voxels that nibabel and SimpleITK read, or words."""

import gzip
import itertools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import SimpleITK
from numpy.typing import NDArray
from PIL import Image

from ganaug_core.readers import Choices, folders
from ganaug_core.records import Skipped, Slice
from tests.parts.test_readers_bad_input import LISTED

itk: Any = SimpleITK
TURNED = np.array([[-2.0, 0, 0, 30], [0, 0, -3.0, 20], [0, 2.5, 0, -40], [0, 0, 0, 1]])
"""Axes towards left, head and back, as a coronal scan has them."""


Read = tuple[list[Slice], list[Skipped]]


def read(*paths: Path, **choices: Any) -> dict[str, Read]:
    """Return slices and refusals by the name of each file; one decoder reads them all."""
    by_name: dict[str, Read] = {path.name: ([], []) for path in paths}
    for item in folders.read_files([(path, path.name, "a") for path in paths], Choices(**choices)):
        if isinstance(item, Slice):
            by_name[item.source.rsplit(":", 1)[0]][0].append(item)
        else:
            by_name[item.file][1].append(item)
    return by_name


def stack(slices: list[Slice]) -> NDArray[Any]:
    return np.stack([image.pixels[0] for image in slices])


def seen(image: Any) -> NDArray[Any]:
    """Return (slice, row, column) from the feet upwards, front up and left side right, of a nibabel image."""
    body = nibabel.as_closest_canonical(image)
    values: NDArray[Any] = np.asarray(body.dataobj)
    return values.transpose(2, 1, 0)[:, ::-1, ::-1]


def noise(*shape: int, kind: str = "int16") -> NDArray[Any]:
    return np.random.default_rng(len(shape)).integers(-900, 900, shape).astype(kind)


# ---- NIfTI-2 ---------------------------------------------------------------------------------------------------------


def test_nifti_2_gives_the_voxels_that_nibabel_reads(tmp_path: Path) -> None:
    images = {}
    for kind, order, suffix in itertools.product(("int16", "f4", "f8", "int32"), "<>", (".nii", ".nii.gz")):
        header = nibabel.Nifti2Header(endianness=order)
        header.set_data_dtype(kind)
        path = tmp_path / f"{kind}{'le' if order == '<' else 'be'}{suffix}"
        values = noise(7, 6, 5)
        images[path] = nibabel.Nifti2Image(values / 2 if kind[0] == "f" else values, TURNED, header)
        nibabel.save(images[path], path)
    results = read(*images)
    for path, image in images.items():
        slices, skipped = results[path.name]
        assert skipped == []
        np.testing.assert_array_equal(stack(slices), seen(image), path.name)
        assert slices[0].spacing_mm == (3.0, 2.0)


def test_nifti_2_keeps_its_scale_and_its_quaternion(tmp_path: Path) -> None:
    image = nibabel.Nifti2Image(noise(7, 6, 5), TURNED)
    image.header.set_slope_inter(0.5, -100)
    image.set_sform(None, 0)
    image.set_qform(TURNED, 1)
    nibabel.save(image, tmp_path / "a.nii")
    again = nibabel.load(tmp_path / "a.nii")
    assert again.header["sform_code"] == 0
    np.testing.assert_allclose(stack(read(tmp_path / "a.nii")["a.nii"][0]), seen(again))


def test_nifti_2_and_nifti_1_of_one_volume_are_the_same(tmp_path: Path) -> None:
    for kind, name in ((nibabel.Nifti1Image, "one.nii"), (nibabel.Nifti2Image, "two.nii")):
        image = kind(noise(7, 6, 5), TURNED)
        image.header["descrip"] = b"Jane Doe"
        nibabel.save(image, tmp_path / name)
    results = read(tmp_path / "one.nii", tmp_path / "two.nii")
    (one, _), (two, _) = results["one.nii"], results["two.nii"]
    np.testing.assert_array_equal(stack(one), stack(two))
    assert one[0].dropped == two[0].dropped == ("descrip",)


def spoilt(header: bytearray, place: int, kind: str, *numbers: float) -> None:
    struct.pack_into("<" + kind, header, place, *numbers)


SPOILT: dict[str, tuple[Callable[[bytearray], None], str]] = {
    "cut": (lambda data: data.__delitem__(slice(700, None)), "truncated"),
    "header alone": (lambda data: data.__delitem__(slice(544, None)), "truncated"),
    "half a header": (lambda data: data.__delitem__(slice(300, None)), "nifti.header"),
    "no length": (lambda data: spoilt(data, 0, "i", 348), "nifti.header"),
    "pair": (lambda data: data.__setitem__(slice(4, 7), b"ni2"), "nifti.pair"),
    "huge side": (lambda data: spoilt(data, 24, "q", 1 << 40), "nifti.dims"),
    "negative side": (lambda data: spoilt(data, 24, "q", -7), "nifti.dims"),
    "nine dimensions": (lambda data: spoilt(data, 16, "q", 9), "nifti.dims"),
    "more slices": (lambda data: spoilt(data, 40, "q", 900), "truncated"),
    "fewer slices": (lambda data: spoilt(data, 40, "q", 2), "nifti.dims"),
    "complex": (lambda data: spoilt(data, 12, "hh", 32, 64), "nifti.type"),
    "bits": (lambda data: spoilt(data, 14, "h", 32), "nifti.type"),
    "spacing": (lambda data: spoilt(data, 112, "d", float("nan")), "nifti.spacing"),
    "wide spacing": (lambda data: spoilt(data, 112, "d", 1e300), "nifti.header"),
    "offset": (lambda data: spoilt(data, 168, "q", 100), "nifti.offset"),
    "far offset": (lambda data: spoilt(data, 168, "q", 1 << 60), "nifti.offset"),
    "scale": (lambda data: spoilt(data, 176, "d", float("inf")), "nifti.slope"),
}


def test_a_spoilt_nifti_2_is_refused_in_words(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti2Image(noise(7, 6, 5), TURNED), tmp_path / "a.nii")
    expected = {}
    for case, (spoil, code) in SPOILT.items():
        content = bytearray((tmp_path / "a.nii").read_bytes())
        spoil(content)
        for suffix, data in ((".nii", bytes(content)), (".nii.gz", gzip.compress(bytes(content)))):
            (tmp_path / f"{case}{suffix}").write_bytes(data)
            expected[f"{case}{suffix}"] = code
    results = read(*(tmp_path / name for name in expected))
    assert {name: [entry.code for entry in skipped] for name, (_, skipped) in results.items()} == {
        name: [code] for name, code in expected.items()
    }
    assert not any(slices for slices, _ in results.values())


def test_mutated_nifti_2_files_end_in_an_image_or_a_listed_code(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti2Image(noise(7, 6, 5), TURNED), tmp_path / "a.nii")
    good = (tmp_path / "a.nii").read_bytes()
    random = np.random.default_rng(0)
    files = []
    for number in range(60):
        content = bytearray(good)
        for place in random.integers(0, 544, random.integers(1, 8)):
            content[place] = random.integers(0, 256)
        files.append(tmp_path / f"{number}.nii")
        files[-1].write_bytes(content)
    results = read(*files)
    assert {entry.code for _, skipped in results.values() for entry in skipped} <= LISTED
    assert all(slices or skipped for slices, skipped in results.values())


# ---- 4-D -------------------------------------------------------------------------------------------------------------


def test_of_4_d_files_the_volume_that_was_chosen_is_taken(tmp_path: Path) -> None:
    values = noise(7, 6, 5, 3)
    kinds = {"one.nii.gz": nibabel.Nifti1Image, "two.nii.gz": nibabel.Nifti2Image}
    for name, kind in kinds.items():
        nibabel.save(kind(values, TURNED), tmp_path / name)
    paths = [tmp_path / name for name in kinds]
    for slices, (refusal,) in read(*paths).values():
        assert slices == []
        assert refusal.code == "nifti.dims"
        assert refusal.say.endswith(": the file holds 3 volumes (4-D); which one to use is not ours to choose.")
        assert "--volume" in refusal.do
    for number in (1, 3):
        for name, (slices, skipped) in read(*paths, volume=number).items():
            assert skipped == []
            np.testing.assert_array_equal(stack(slices), seen(kinds[name](values[..., number - 1], TURNED)))
    for _, (refusal,) in read(*paths, volume=4).values():
        assert "there is none of the number 4" in refusal.say


def test_a_4_d_file_that_ends_early_is_refused_and_a_3_d_one_is_what_it_is(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(noise(7, 6, 5, 3), TURNED), tmp_path / "a.nii")
    (tmp_path / "a.nii").write_bytes((tmp_path / "a.nii").read_bytes()[:1000])
    nibabel.save(nibabel.Nifti1Image(noise(7, 6, 5), TURNED), tmp_path / "b.nii")
    results = read(tmp_path / "a.nii", tmp_path / "b.nii", volume=1)
    assert [entry.code for entry in results["a.nii"][1]] == ["truncated"]
    assert len(results["b.nii"][0]) == 6


# ---- colour ----------------------------------------------------------------------------------------------------------


def grey(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luminance of (slice, row, column, 3 or 4) as Pillow makes it of pictures."""
    return np.stack(
        [np.asarray(Image.fromarray(np.ascontiguousarray(plane[..., :3])).convert("L")) for plane in colours]
    )


def test_volumes_in_colour_become_luminance(tmp_path: Path) -> None:
    colours, paths = {}, []
    suffixes = (".nrrd", ".mha", ".nhdr", ".mhd")
    for channels, suffix, packed in itertools.product((3, 4), suffixes, (False, True)):
        path = tmp_path / f"{channels}{'packed' if packed else 'plain'}{suffix[1:]}{suffix}"
        colours[path.name] = np.random.default_rng(channels).integers(0, 256, (5, 6, 7, channels)).astype(np.uint8)
        image = itk.GetImageFromArray(colours[path.name], isVector=True)
        image.SetSpacing((1, 2, 3))
        itk.WriteImage(image, str(path), packed)
        paths.append(path)
    for channels, made in itertools.product((3, 4), (nibabel.Nifti1Image, nibabel.Nifti2Image)):
        path = tmp_path / f"{channels}{made.__name__}.nii"
        kind = np.dtype([(letter, "u1") for letter in "RGBA"[:channels]])
        voxels = np.random.default_rng(channels).integers(0, 256, (7, 6, 5, channels)).astype(np.uint8)
        colours[path.name] = voxels.transpose(2, 1, 0, 3)
        nibabel.save(made(voxels.view(kind)[..., 0], np.diag([-1.0, -2, 3, 1])), path)
        paths.append(path)
    for name, (slices, skipped) in read(*paths).items():
        assert skipped == []
        np.testing.assert_array_equal(stack(slices), grey(colours[name]), name)
        assert all(plane.colour for plane in slices)
        assert (slices[0].spacing_mm, slices[0].unit) == ((2.0, 1.0), "intensity")


def test_other_vectors_stay_refused_and_a_cut_colour_file_too(tmp_path: Path) -> None:
    expected = {}
    for suffix, code in ((".nrrd", "nrrd.dims"), (".mha", "meta.dims")):
        for number, voxels in enumerate((noise(5, 6, 7, 3, kind="float32"), noise(5, 6, 7, 2, kind="uint8"))):
            itk.WriteImage(itk.GetImageFromArray(voxels, isVector=True), str(tmp_path / f"{number}{suffix}"))
            expected[f"{number}{suffix}"] = [code]
        cut = tmp_path / f"cut{suffix}"
        itk.WriteImage(itk.GetImageFromArray(noise(5, 6, 7, 3, kind="uint8"), isVector=True), str(cut))
        cut.write_bytes(cut.read_bytes()[:-30])
        expected[cut.name] = ["truncated"]
    results = read(*(tmp_path / name for name in expected))
    assert {name: [entry.code for entry in skipped] for name, (_, skipped) in results.items()} == expected
