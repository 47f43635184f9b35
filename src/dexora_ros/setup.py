"""Installs dexora_ros as an ament_python package."""

from setuptools import find_packages, setup

PACKAGE = "dexora_ros"

setup(
    name=PACKAGE,
    version="0.1.0",
    packages=find_packages(exclude=["test"]),
    package_data={PACKAGE: ["py.typed", "profiles/*.xml"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        (
            f"share/{PACKAGE}/profiles",
            [
                f"{PACKAGE}/profiles/fastdds.xml",
                f"{PACKAGE}/profiles/fastdds_udp.xml",
                f"{PACKAGE}/profiles/fastdds_udp_localhost.xml",
            ],
        ),
    ],
    zip_safe=False,
    extras_require={"test": ["pytest"]},
    maintainer="dexora maintainers",
    maintainer_email="maintainers@dexora.example",
    description="The rclpy idioms that every dexora node shares.",
    license="Apache-2.0",
    entry_points={"console_scripts": []},
)
