# Where the stack is. `sluicegate stack` compares the place in the state with the one that a plan would go to, before it
# plans: a plan for another place would forget the first stack, which would run on.

data "aws_caller_identity" "current" {}

# The region's name: of aws_region, `name` and `id` are deprecated in provider 6, and `region` is not there in 5.
data "aws_service" "kinesis" {
  service_id = "kinesis"
}
