"""The devices, without their ports: each one answers its maker's commands as the maker's manual says."""
