#!/usr/bin/env bash
# Sources ROS 2 and the workspace, then becomes the command that it was given.
set -e
# shellcheck disable=SC1090,SC1091
. "/opt/ros/${ROS_DISTRO:-$(basename /opt/ros/*)}/setup.bash"
# shellcheck disable=SC1091
. /dexora/install/local_setup.bash
exec "$@"
