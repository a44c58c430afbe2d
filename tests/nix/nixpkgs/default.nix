# Of nixpkgs, the attributes that are known to exist at the pinned revision.
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
      "awscli2"
      "cacert"
      "cargo-deny"
      "cargo-lambda"
      "cargo-nextest"
      "docker-compose"
      "just"
      "websocat"
    ]
)
// {
  inherit system;
  terraform = unfree "terraform";
  stdenv.hostPlatform.isLinux = builtins.match ".*-linux" system != null;
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
      glibc = package "glibc";
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
