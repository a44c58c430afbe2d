# Of nixpkgs, the attributes that flake.nix names. Each was looked up in nixpkgs' tree on 2026-11-30: beside it stand its
# file, and the newest commit at which a copy of the tree that could be read had the file. The pinned revision itself could
# not be read.
{ system, config }:
let
  package = name: import ../derivation.nix name system { } // { pname = name; };
  # Free ones need no leave.
  unfree =
    name:
    let
      made = package name;
    in
    if config.allowUnfreePredicate made then made else throw "${name} is not free, and is not let in";
  compiler = {
    buildPackages = {
      rustc = package "rustc";
      cargo = package "cargo";
    };
  };
in
builtins.listToAttrs (
  map
    (name: {
      inherit name;
      value = package name;
    })
    [
      "actionlint" # pkgs/by-name/ac/actionlint/package.nix, 70969d094c4b
      "awscli2" # pkgs/by-name/aw/awscli2/package.nix, 6efaff793518
      "cacert" # pkgs/by-name/ca/cacert/package.nix, 19091ca07933
      "cargo-deny" # pkgs/by-name/ca/cargo-deny/package.nix, 74358646916b
      "cargo-lambda" # pkgs/by-name/ca/cargo-lambda/package.nix, 56e8b6ec95fb
      "cargo-nextest" # pkgs/by-name/ca/cargo-nextest/package.nix, 784768204906
      "checkov" # pkgs/by-name/ch/checkov/package.nix, b00b5e7c899c
      "docker-compose" # pkgs/by-name/do/docker-compose/package.nix, 0a2c8a5824f4
      "just" # pkgs/by-name/ju/just/package.nix, 1ad609120ca0
      "nodejs" # pkgs/development/web/nodejs/nodejs.nix, 598b973406df, through pkgs/top-level/all-packages.nix
      "python3" # pkgs/development/interpreters/python/default.nix, 3f23af73a483
      "rustup" # pkgs/development/tools/rust/rustup/default.nix, 637b7c60fb5c
      "shellcheck" # pkgs/development/tools/shellcheck/default.nix, 19ea1be4f738
      "websocat" # pkgs/by-name/we/websocat/package.nix, 7d0bfd857694
    ]
)
// {
  inherit system;
  terraform = unfree "terraform"; # pkgs/applications/networking/cluster/terraform/default.nix, 341e162596bc
  mkShell = # pkgs/build-support/mkshell/default.nix, 99bf2f7c4215
    arguments@{ packages, ... }: import ../derivation.nix "shell" system arguments;
  stdenv.hostPlatform.isLinux = builtins.match ".*-linux" system != null;
  # lib/systems/examples.nix, 59eb55b5d67d
  pkgsCross = {
    gnu64 = compiler;
    aarch64-multiplatform = compiler;
  };
}
// (
  # What is Linux's alone.
  if builtins.match ".*-linux" system == null then
    { }
  else
    {
      chromium = package "chromium"; # pkgs/applications/networking/browsers/chromium/default.nix, 95d21d1c3389
      glibc = package "glibc"; # pkgs/development/libraries/glibc/default.nix, b07e7bfc7bc8
      # pkgs/build-support/docker/default.nix, 34b7a306c35b
      dockerTools.buildLayeredImage =
        {
          name,
          tag,
          config,
          contents ? [ ],
          extraCommands ? "",
        }@arguments:
        import ../derivation.nix name system arguments;
    }
)
