# A Jetson Orin on JetPack 6 (arm64): CUDA 12.6, TensorRT 10.3, Ubuntu 22.04 and therefore ROS 2 Humble.
# Build on the Jetson, from the root of the checkout:  docker build -f docker/jetson.Dockerfile -t dexora:jetson .
#
# Which ROS 2: packages of Jazzy and Kilted exist for Ubuntu 24.04 only, JetPack 6 is Ubuntu 22.04. Humble is the
# release whose packages install here. What is different with it: no EventsExecutor in rclpy (dexora_ros falls back to
# the single-threaded one with a diagnostic), and ROS_LOCALHOST_ONLY=1 in place of ROS_AUTOMATIC_DISCOVERY_RANGE.
# On a Jetson Thor (JetPack 7, Ubuntu 24.04) use desktop.Dockerfile: its base image exists for arm64 too.
FROM nvcr.io/nvidia/l4t-jetpack:r36.4.0

ARG ROS_APT_SOURCE=1.1.0
ENV DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 ROS_LOCALHOST_ONLY=1
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /dexora

# ROS 2's package server and key, as its installation guide says.
ADD https://github.com/ros-infrastructure/ros-apt-source/releases/download/${ROS_APT_SOURCE}/ros2-apt-source_${ROS_APT_SOURCE}.jammy_all.deb /tmp/ros2-apt-source.deb
# Versions are those of the distribution's snapshot: its servers keep only the newest of each package.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends /tmp/ros2-apt-source.deb \
 && apt-get update \
 && apt-get install -y --no-install-recommends \
      g++ cmake python3-pip python3-numpy python3-scipy python3-rosdep python3-colcon-common-extensions \
      ros-humble-ros-base ros-humble-rosbag2-storage-mcap ros-humble-control-msgs ros-humble-robot-state-publisher \
 && rm -rf /var/lib/apt/lists/* /tmp/ros2-apt-source.deb

COPY src/ src/
# hadolint ignore=DL3008
RUN apt-get update \
 && rosdep init \
 && rosdep update --rosdistro humble \
 && rosdep install --from-paths src --ignore-src --rosdistro humble -y \
 && rm -rf /var/lib/apt/lists/*

# A robot needs no simulator. pycuda is compiled here, against this CUDA; numpy stays the distribution's.
COPY requirements/ requirements/
RUN grep -hvE '^(numpy|scipy|PyYAML|setuptools)' requirements/robot.txt > /tmp/pins.txt \
 && grep -h '^pycuda' requirements/gpu.txt >> /tmp/pins.txt \
 && pip install --no-cache-dir -c /tmp/pins.txt ruckig mcap pycuda "numpy==1.21.5" \
 && rm /tmp/pins.txt

COPY colcon.meta ./
RUN . /opt/ros/humble/setup.bash \
 && colcon build --packages-skip dexora_sim dexora_train --cmake-args -DBUILD_TESTING=OFF

# Devices belong to these groups; real-time priority and the GPU are granted by compose.yaml.
RUN useradd --uid 1001 --create-home --groups dialout,video,plugdev robot && chown -R robot /dexora
USER 1001
COPY docker/entrypoint.sh /entrypoint.sh
ENTRYPOINT ["/entrypoint.sh"]
CMD ["ros2", "launch", "dexora_bringup", "robot.launch.py"]
