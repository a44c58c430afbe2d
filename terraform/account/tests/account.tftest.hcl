# The account's role for API Gateway's logs.

mock_provider "aws" {
  source          = "../tests/mocks"
  override_during = plan
}

# What is imported cannot be mocked.
override_resource {
  target          = aws_api_gateway_account.this
  values          = { cloudwatch_role_arn = "arn:aws:iam::000000000000:role/sluicegate" }
  override_during = plan
}

run "sets_a_role_that_api_gateway_accepts" {
  command = plan

  assert {
    condition = (
      aws_iam_role.this.name == "sluicegate-api-gateway-logs-eu-west-1" &&
      jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Principal.Service == "apigateway.amazonaws.com" &&
      aws_iam_role_policy_attachment.this.policy_arn == "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs" &&
      output.role_arn == aws_iam_role.this.arn
    )
    error_message = "the account must log through a role that API Gateway accepts, named after its region"
  }
}

run "takes_another_name" {
  command = plan

  variables {
    role_name = "shop-api-gateway-logs"
    tags      = { team = "platform" }
  }

  assert {
    condition     = aws_iam_role.this.name == "shop-api-gateway-logs" && aws_iam_role.this.tags == tomap({ team = "platform" })
    error_message = "a role that an earlier version made must keep its name"
  }
}

run "refuses_a_name_that_iam_refuses" {
  command = plan

  variables {
    role_name = "a b"
  }

  expect_failures = [var.role_name]
}

run "refuses_an_account_that_is_none" {
  command = plan

  variables {
    allowed_account_ids = ["12"]
  }

  expect_failures = [var.allowed_account_ids]
}
