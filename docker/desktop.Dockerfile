# A workstation or industrial PC with an NVIDIA GPU (x86-64): CUDA 13.0, TensorRT 10.13 and ROS 2 Kilted.
# Build from the root of the checkout:  docker build -f docker/desktop.Dockerfile -t dexora:desktop .
FROM nvcr.io/nvidia/tensorrt:25.08-py3

ARG ROS_APT_SOURCE=1.1.0
ENV DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /dexora

# ROS 2's package server and key, as its installation guide says.
ADD https://github.com/ros-infrastructure/ros-apt-source/releases/download/${ROS_APT_SOURCE}/ros2-apt-source_${ROS_APT_SOURCE}.noble_all.deb /tmp/ros2-apt-source.deb
# Versions are those of the distribution's snapshot: its servers keep only the newest of each package.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends /tmp/ros2-apt-source.deb \
 && apt-get update \
 && apt-get install -y --no-install-recommends \
      g++ cmake python3-pip python3-numpy python3-scipy python3-rosdep python3-colcon-common-extensions \
      libegl1 libgl1-mesa-dri libgles2 libopengl0 \
      ros-kilted-ros-base ros-kilted-rosbag2-storage-mcap ros-kilted-rviz2 ros-kilted-robot-state-publisher \
 && rm -rf /var/lib/apt/lists/* /tmp/ros2-apt-source.deb

COPY src/ src/
# hadolint ignore=DL3008
RUN apt-get update \
 && rosdep init \
 && rosdep update --rosdistro kilted \
 && rosdep install --from-paths src --ignore-src --rosdistro kilted -y \
 && rm -rf /var/lib/apt/lists/*

# What rosdep does not know, at the pinned versions. numpy and scipy stay the distribution's: the interfaces are
# compiled against them. TensorRT and its Python bindings are the base image's.
COPY requirements/ requirements/
RUN grep -hvE '^(numpy|scipy|PyYAML|setuptools)' requirements/robot.txt requirements/simulation.txt > /tmp/pins.txt \
 && grep -h '^pycuda' requirements/gpu.txt >> /tmp/pins.txt \
 && /usr/bin/python3 -m pip install --no-cache-dir --break-system-packages -c /tmp/pins.txt \
      mujoco mink gymnasium daqp ruckig mcap rosbags pycuda "numpy==1.26.4" "scipy==1.11.4" \
 && rm /tmp/pins.txt

COPY colcon.meta ./
RUN . /opt/ros/kilted/setup.bash && colcon build --cmake-args -DBUILD_TESTING=OFF

# Devices belong to these groups; real-time priority and the GPU are granted by compose.yaml.
RUN useradd --uid 1001 --create-home --groups dialout,video,plugdev robot && chown -R robot /dexora
USER 1001
COPY docker/entrypoint.sh /entrypoint.sh
ENTRYPOINT ["/entrypoint.sh"]
CMD ["ros2", "launch", "dexora_bringup", "robot.launch.py"]
