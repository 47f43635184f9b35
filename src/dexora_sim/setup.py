"""Installs dexora_sim as an ament_python package."""

from setuptools import find_packages, setup

PACKAGE = "dexora_sim"

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
    description="MuJoCo twin behind the hardware interfaces, with tasks, experts and fault hooks.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "expert_node = dexora_sim.expert_node:main",
            "policy_player_node = dexora_sim.policy_player_node:main",
            "process_fault_node = dexora_sim.process_fault_node:main",
            "twin_node = dexora_sim.twin_node:main",
        ]
    },
)
