"""Installs dexora_description as an ament_python package."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "dexora_description"


def installed(folder: str) -> tuple[str, list[str]]:
    """Return the data_files entry that installs a folder's files into the share directory."""
    return f"share/{PACKAGE}/{folder}", sorted(str(path) for path in Path(folder).glob("*.*"))


setup(
    name=PACKAGE,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    package_data={PACKAGE: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        installed("collision"),
        installed("robots"),
        installed("urdf"),
        installed("mjcf"),
    ],
    zip_safe=False,
    extras_require={"test": ["pytest"]},
    maintainer="dexora maintainers",
    maintainer_email="maintainers@dexora.example",
    description="Robots as data: one contract per robot, URDF and MJCF.",
    license="Apache-2.0",
    entry_points={"console_scripts": []},
)
