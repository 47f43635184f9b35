# Source this in bash to use the workspace of a bare machine: `. tools/env.sh`. It changes nothing on disk.
# With ROS 2 installed, source /opt/ros/<distro>/setup.bash and install/setup.bash instead.
_dexora_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
if [ ! -x "$_dexora_root/.venv/bin/python" ]; then
  echo "dexora: the workspace is not set up yet; run 'make setup' in $_dexora_root" >&2
  return 1
fi
export VIRTUAL_ENV="$_dexora_root/.venv"
case ":$PATH:" in *":$VIRTUAL_ENV/bin:"*) ;; *) export PATH="$VIRTUAL_ENV/bin:$PATH" ;; esac
export AMENT_PREFIX_PATH="$VIRTUAL_ENV" CMAKE_PREFIX_PATH="$VIRTUAL_ENV"
# The PyPI build of the middleware has no authentication: stay on this host unless told otherwise.
export ROS_AUTOMATIC_DISCOVERY_RANGE="${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}"
# What the launch files give their nodes, for the `ros2` command: without it `ros2 bag record` loses camera images.
# 408 MiB are a robot's segments; with less, Fast DDS could not start.
_dexora_shm_kib="$(df -k --output=avail /dev/shm 2>/dev/null | tail -n 1)"
if [ -z "${FASTDDS_DEFAULT_PROFILES_FILE:-}" ] && [ "${_dexora_shm_kib:-0}" -ge $((408 * 1024)) ]; then
  export FASTDDS_DEFAULT_PROFILES_FILE="$_dexora_root/src/dexora_ros/dexora_ros/profiles/fastdds.xml"
fi
if [ -f "$_dexora_root/install/local_setup.bash" ]; then
  # shellcheck disable=SC1091
  . "$_dexora_root/install/local_setup.bash"
fi
unset _dexora_root _dexora_shm_kib
