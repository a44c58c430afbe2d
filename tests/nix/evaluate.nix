# Evaluates flake.nix on every system, without nixpkgs and crane, which the machines that this is developed on cannot
# fetch: stand-ins have no more than the attributes that are known to exist at the pinned revisions, so that a
# mistyped or unknown one fails, and derivations that are evaluated to their last argument and never built.
#
#   nix-instantiate --eval --strict tests/nix/evaluate.nix
let
  lib = import ./nixpkgs/lib.nix;
  flake = import ../../flake.nix;
  outputs = flake.outputs {
    self = throw "the flake reads nothing of itself";
    nixpkgs = {
      inherit lib;
      outPath = ./nixpkgs;
    };
    crane = import ./crane.nix;
  };
  lock = builtins.fromJSON (builtins.readFile ../../flake.lock);

  systems = [
    "aarch64-darwin"
    "aarch64-linux"
    "x86_64-linux"
  ];
  functions = builtins.attrNames (builtins.readDir ../../functions);
  packages =
    system:
    builtins.sort builtins.lessThan (
      [
        "bundle"
        "bundle-arm64"
        "default"
        "sluicegate"
      ]
      ++ builtins.concatMap (name: [
        "${name}-arm64"
        "${name}-x86_64"
      ]) functions
      ++ (if builtins.match ".*-linux" system == null then [ ] else [ "image" "bundle-image" ])
    );
  checks = [
    "clippy"
    "deny"
    "documentation"
    "format"
    "tests"
  ];

  expect =
    what: expected: found:
    if expected == found then
      true
    else
      throw "${what}: expected ${builtins.toJSON expected}, found ${builtins.toJSON found}";
  system =
    name:
    expect "packages of ${name}" (packages name) (builtins.attrNames outputs.packages.${name})
    && expect "checks of ${name}" checks (builtins.attrNames outputs.checks.${name})
    && expect "shells of ${name}" [ "default" ] (builtins.attrNames outputs.devShells.${name});
  # A derivation's path depends on all that it is made of.
  paths =
    builtins.concatMap
      (kind: builtins.concatMap (set: map (made: made.drvPath) (builtins.attrValues set)) (builtins.attrValues kind))
      [
        outputs.packages
        outputs.checks
        outputs.devShells
      ];
in
assert builtins.all system systems;
assert expect "locked inputs" (builtins.attrNames flake.inputs) (builtins.attrNames lock.nodes.root.inputs);
builtins.deepSeq paths "the flake evaluates: ${toString (builtins.length paths)} derivations on ${toString (builtins.length systems)} systems"
