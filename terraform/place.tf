# Where the stack is. `sluicegate stack` compares the place in the state with the one that a plan would go to, before it
# plans: a plan for another place would forget the first stack, which would run on.

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
