"""Installs dexora_control as an ament_python package."""

from setuptools import find_packages, setup

PACKAGE = "dexora_control"

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
    description="The command path: command node, watchdog and hardware drivers.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "clearance_node = dexora_control.clearance_node:main",
            "command_node = dexora_control.command_node:main",
            "preview_node = dexora_control.preview_node:main",
            "robot_state_node = dexora_control.robot_state_node:main",
            "watchdog_node = dexora_control.watchdog_node:main",
        ]
    },
)
