"""Installs dexora_policy as an ament_python package."""

from setuptools import find_packages, setup

PACKAGE = "dexora_policy"

setup(
    name=PACKAGE,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    package_data={PACKAGE: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
    ],
    zip_safe=False,
    extras_require={"test": ["pytest"]},
    maintainer="dexora maintainers",
    maintainer_email="maintainers@dexora.example",
    description="Model, bundle, engines, scheduler and the policy node.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "policy_node = dexora_policy.policy_node:main",
            "dexora-bundle = dexora_policy.bundle_cli:main",
        ]
    },
)
