"""Recording, describing and playing bags: MCAP files in rosbag2's directory layout."""
