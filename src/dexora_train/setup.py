"""Installs dexora_train as an ament_python package."""

from setuptools import find_packages, setup

PACKAGE = "dexora_train"

setup(
    name=PACKAGE,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    package_data={PACKAGE: ["py.typed", "configs/*.yaml"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    zip_safe=False,
    extras_require={"test": ["pytest"]},
    maintainer="dexora maintainers",
    maintainer_email="maintainers@dexora.example",
    description="Workstation only: datasets, training, distillation, INT8, evaluation.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "dexora-export = dexora_train.export.cli:main",
            "dexora-train = dexora_train.cli:main",
        ]
    },
)
