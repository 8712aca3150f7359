import os
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

from local.deploy import SITE_PACKAGES, shared_layer, zipped


def test_equal_folders_are_equal_archives_whenever_they_were_written(tmp_path: Path) -> None:
    for name, modified_at in (("old", 1_000_000_000), ("new", 1_700_000_000)):
        file = tmp_path / name / "package" / "module.py"
        file.parent.mkdir(parents=True)
        file.write_text("ANSWER = 42\n")
        os.utime(file, (modified_at, modified_at))

    old, new = zipped(tmp_path / "old"), zipped(tmp_path / "new")

    assert old == new
    assert zipfile.ZipFile(BytesIO(new)).namelist() == ["package/module.py"]


def test_a_shared_layer_is_imported_first_and_outlives_its_build(tmp_path: Path) -> None:
    built = tmp_path / "built" / "shared"
    (built / "python").mkdir(parents=True)
    # A name that Python has itself: the layer's comes first.
    (built / "python" / "antigravity.py").write_text("ANSWER = 42\n")

    deployed = shared_layer(built, tmp_path / "cloud")
    shutil.rmtree(built)

    program = (
        "import site, sys; site.addsitedir(sys.argv[1]); import antigravity as a; print(a.ANSWER)"
    )
    folder = deployed.joinpath(*SITE_PACKAGES)
    answer = subprocess.run(
        [sys.executable, "-c", program, folder], capture_output=True, check=True, text=True
    )
    assert answer.stdout == "42\n"
