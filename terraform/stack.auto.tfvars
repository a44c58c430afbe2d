# The stack that `terraform apply` deploys and that `cargo run -- dev` runs.
# HCL literals only: the emulator reads this file without Terraform.

name         = "sluicegate"
stage        = "v1"
architecture = "x86_64"

stream = {
  mode            = "PROVISIONED"
  shard_count     = 1
  retention_hours = 24
}

# One key for each folder under functions/: its crate, binary and zip have that name.
functions = {
  echo = {
    memory_mb       = 128
    timeout_seconds = 30
    batch_size      = 16
  }
}
