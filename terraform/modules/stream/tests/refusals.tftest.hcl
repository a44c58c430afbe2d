# What AWS would refuse only at apply is refused while planning.

mock_provider "aws" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  name = "sluicegate-events"
}

run "refuses_a_name_with_a_space" {
  command = plan

  variables {
    name = "my stream"
  }

  expect_failures = [var.name]
}

run "refuses_an_unknown_mode" {
  command = plan

  variables {
    mode = "provisioned"
  }

  expect_failures = [var.mode]
}

run "refuses_no_shards" {
  command = plan

  variables {
    shard_count = 0
  }

  expect_failures = [var.shard_count]
}

run "refuses_half_a_shard" {
  command = plan

  variables {
    shard_count = 1.5
  }

  expect_failures = [var.shard_count]
}

run "refuses_shards_on_demand" {
  command = plan

  variables {
    mode        = "ON_DEMAND"
    shard_count = 2
  }

  expect_failures = [var.shard_count]
}

run "refuses_retention_under_a_day" {
  command = plan

  variables {
    retention_hours = 23
  }

  expect_failures = [var.retention_hours]
}

run "refuses_retention_over_a_year" {
  command = plan

  variables {
    retention_hours = 8761
  }

  expect_failures = [var.retention_hours]
}

run "refuses_a_key_alias_that_no_policy_can_name" {
  command = plan

  variables {
    kms_key_arn = "alias/mine"
  }

  expect_failures = [var.kms_key_arn]
}
