# The stack as its modules compose it.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  name   = "sluicegate"
  stage  = "v1"
  bundle = "./tests/fixtures/functions"
  public = true
  functions = {
    echo = {}
  }
}

run "has_the_outputs_of_its_contract" {
  command = plan

  assert {
    condition = (
      output.websocket_uri == "wss://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1" &&
      output.connections_endpoint == "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/v1"
    )
    error_message = "both addresses must come from the API's own endpoint"
  }

  assert {
    condition     = output.stream_name == "sluicegate-events" && output.stream_arn == "arn:aws:kinesis:eu-west-1:000000000000:stream/sluicegate-events"
    error_message = "the stream must be named after the stack"
  }

  assert {
    condition = (
      output.function_names == { echo = "sluicegate-echo" } &&
      output.dead_letter_queue_urls == { echo = "https://sqs.eu-west-1.amazonaws.com/000000000000/sluicegate-echo-dlq" }
    )
    error_message = "functions and queues must be found by the function's key"
  }

  assert {
    condition = (
      output.api_id == "a1b2c3d4e5" &&
      output.function_arns == { echo = "arn:aws:lambda:eu-west-1:000000000000:function:sluicegate-echo" } &&
      output.role_names == { echo = "sluicegate-echo-euw1" } &&
      output.role_arns == { echo = "arn:aws:iam::000000000000:role/sluicegate" } &&
      output.log_group_names == { echo = "/aws/lambda/sluicegate-echo" } &&
      output.published_versions == { echo = "3" } &&
      contains(keys(output.alarm_arns), "echo-errors")
    )
    error_message = "what other configurations attach to must be found by the function's key"
  }

  assert {
    condition     = endswith(output.dashboard_url, "#dashboards/dashboard/sluicegate-eu-west-1")
    error_message = "the dashboard must be named after the stack and its region: the account has one list for all regions"
  }
}

run "fills_in_the_settings_of_the_reference_architecture" {
  command = plan

  assert {
    condition = jsonencode(var.functions["echo"]) == jsonencode({
      memory_mb                   = 128
      timeout_seconds             = 30
      routes                      = []
      lifecycle_events            = []
      connection_actions          = ["POST"]
      environment                 = {}
      secret_arns                 = {}
      policy_statements           = []
      managed_policy_arns         = []
      vpc                         = null
      layers                      = []
      tracing                     = false
      ephemeral_storage_mb        = 512
      reserved_concurrency        = -1
      provisioned_concurrency     = 0
      log_level                   = "INFO"
      log_retention_days          = 14
      batch_size                  = 16
      batching_window_seconds     = 0
      parallelization_factor      = 1
      bisect_on_error             = true
      maximum_retry_attempts      = 10
      maximum_record_age_seconds  = -1
      starting_position           = "LATEST"
      starting_position_timestamp = null
      enabled                     = true
    })
    error_message = "a function without settings must be the reference's"
  }
}

run "names_a_function_by_its_key" {
  command = plan

  variables {
    functions = {
      echo  = {}
      relay = { routes = ["relay"], lifecycle_events = ["DISCONNECT"] }
    }
    bundle = "./tests/fixtures/functions"
  }

  # The fixtures hold the zip of echo alone.
  override_module {
    target = module.function
    outputs = {
      name                  = "overridden"
      dead_letter_queue_url = "https://sqs.eu-west-1.amazonaws.com/000000000000/overridden-dlq"
      mapping_id            = "overridden"
    }
  }

  assert {
    condition     = local.routes == tolist(["relay"]) && local.lifecycle_events == tolist(["DISCONNECT"])
    error_message = "the API must have what its functions ask for"
  }

  assert {
    condition     = toset(keys(output.function_names)) == toset(["echo", "relay"])
    error_message = "each key of functions is one function"
  }
}

run "says_where_it_is" {
  command = plan

  variables {
    endpoint = "http://127.0.0.1:4566"
  }

  assert {
    condition     = output.deployed_to == { account_id = "000000000000", region = "eu-west-1", endpoint = "http://127.0.0.1:4566", name = "sluicegate" }
    error_message = "a later plan must find out that it would go elsewhere"
  }
}

run "tells_a_check_what_to_ask" {
  command = plan

  variables {
    functions = {
      echo  = {}
      relay = { routes = ["relay"] }
      off   = { enabled = false }
      mute  = { environment = { STREAM_FUNCTION_PROBES = "false" } }
    }
  }

  # The fixtures hold the zip of echo alone.
  override_module {
    target = module.function
    outputs = {
      name                  = "overridden"
      dead_letter_queue_url = "https://sqs.eu-west-1.amazonaws.com/000000000000/overridden-dlq"
      mapping_id            = "overridden"
    }
  }

  assert {
    condition     = jsonencode(output.probed_routes) == jsonencode({ "sluicegate-echo" = ["$default"], "sluicegate-relay" = ["relay"] })
    error_message = "functions that are off or mute answer no probe"
  }

  assert {
    condition     = output.rate_limit == 500 && output.authorization == "NONE"
    error_message = "a check must know how fast it may ask, and of whom"
  }
}

run "warns_where_everybody_may_connect" {
  command = plan

  variables {
    public = false
  }

  expect_failures = [check.authorization]
}

run "names_what_is_the_accounts_after_the_region" {
  command = plan

  variables {
    authorizer = { function = "echo" }
  }

  assert {
    condition = (
      module.gateway.role_name == "sluicegate-euw1-integration" &&
      module.function["echo"].role_name == "sluicegate-echo-euw1" &&
      module.authorizer[0].role_name == "sluicegate-authorizer-euw1"
    )
    error_message = "two regions must not share a role"
  }
}

run "tells_whether_it_is_protected" {
  command = plan

  variables {
    deletion_protection = true
  }

  assert {
    condition     = output.deletion_protection
    error_message = "sluicegate stack reads the protection from the state"
  }
}
