# ROS 2 Kilted without a GPU: the twin, the command path, recording, and policies on the CPU (ONNX Runtime).
# Build from the root of the checkout:  docker build -f docker/ros.Dockerfile -t dexora:ros .
FROM ros:kilted-ros-base-noble

SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /dexora

# Every dependency of the workspace that rosdep knows, and what renders the twin's cameras without a screen.
# Versions are those of the distribution's snapshot: its servers keep only the newest of each package.
COPY src/ src/
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      libegl1 libgl1-mesa-dri libgles2 libopengl0 python3-pip python3-scipy ros-kilted-rosbag2-storage-mcap \
 && rosdep update --rosdistro kilted \
 && rosdep install --from-paths src --ignore-src --rosdistro kilted -y \
 && rm -rf /var/lib/apt/lists/*

# What rosdep does not know, at the pinned versions. numpy and scipy stay the distribution's: the interfaces are
# compiled against them.
COPY requirements/ requirements/
RUN grep -hvE '^(numpy|scipy|PyYAML|setuptools)' requirements/robot.txt requirements/simulation.txt > /tmp/pins.txt \
 && pip install --no-cache-dir --break-system-packages -c /tmp/pins.txt \
      mujoco mink gymnasium daqp ruckig mcap rosbags "numpy==1.26.4" "scipy==1.11.4" \
 && rm /tmp/pins.txt

COPY colcon.meta ./
RUN . /opt/ros/kilted/setup.bash && colcon build --cmake-args -DBUILD_TESTING=OFF

# Devices belong to these groups; real-time priority is granted by compose.yaml.
RUN useradd --uid 1001 --create-home --groups dialout,video,plugdev robot && chown -R robot /dexora
USER 1001
COPY docker/entrypoint.sh /entrypoint.sh
ENTRYPOINT ["/entrypoint.sh"]
CMD ["ros2", "launch", "dexora_bringup", "mujoco.launch.py"]
