"""What people see of the monitors: pages for staff, and the public status pages and badges."""
