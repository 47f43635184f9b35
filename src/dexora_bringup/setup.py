"""Installs dexora_bringup as an ament_python package."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "dexora_bringup"
SHARE = f"share/{PACKAGE}"


def bundles() -> list[tuple[str, list[str]]]:
    """Return the files of every shipped bundle, folder by folder; none where no bundle is in the sources."""
    folders = sorted({path.parent for path in Path("bundles").rglob("*") if path.is_file()})
    return [
        (f"{SHARE}/{folder}", sorted(str(path) for path in folder.iterdir() if path.is_file()))
        for folder in folders
    ]


setup(
    name=PACKAGE,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    package_data={PACKAGE: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (SHARE, ["package.xml"]),
        (f"{SHARE}/launch", sorted(map(str, Path("launch").glob("*.launch.py")))),
        (f"{SHARE}/rviz", ["rviz/dexora.rviz"]),
        *bundles(),
    ],
    zip_safe=False,
    extras_require={"test": ["pytest"]},
    maintainer="dexora maintainers",
    maintainer_email="maintainers@dexora.example",
    description="Launch files, parameters and viewers.",
    license="Apache-2.0",
    entry_points={"console_scripts": []},
)
