"""Installs dexora_bringup as an ament_python package."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "dexora_bringup"

setup(
    name=PACKAGE,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    package_data={PACKAGE: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        (f"share/{PACKAGE}/launch", sorted(map(str, Path("launch").glob("*.launch.py")))),
        (f"share/{PACKAGE}/rviz", ["rviz/dexora.rviz"]),
    ],
    zip_safe=False,
    extras_require={"test": ["pytest"]},
    maintainer="dexora maintainers",
    maintainer_email="maintainers@dexora.example",
    description="Launch files, parameters and viewers.",
    license="Apache-2.0",
    entry_points={"console_scripts": []},
)
