import os
import zipfile
from io import BytesIO
from pathlib import Path

from local.deploy import zipped


def test_equal_folders_are_equal_archives_whenever_they_were_written(tmp_path: Path) -> None:
    for name, modified_at in (("old", 1_000_000_000), ("new", 1_700_000_000)):
        file = tmp_path / name / "package" / "module.py"
        file.parent.mkdir(parents=True)
        file.write_text("ANSWER = 42\n")
        os.utime(file, (modified_at, modified_at))

    old, new = zipped(tmp_path / "old"), zipped(tmp_path / "new")

    assert old == new
    assert zipfile.ZipFile(BytesIO(new)).namelist() == ["package/module.py"]
