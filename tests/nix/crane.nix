# Of crane, what flake.nix calls, with the arguments that have no default in crane's own functions: those are read at the
# pinned commit, 2c71e194474d (lib/mkCargoDerivation.nix, lib/cargoClippy.nix and so on).
let
  library =
    pkgs:
    let
      made = arguments: import ./derivation.nix arguments.pname pkgs.system arguments;
    in
    {
      mkCargoDerivation = arguments@{ cargoArtifacts, buildPhaseCargoCommand, ... }: made arguments;
      overrideScope =
        change:
        let
          changed = change (library pkgs) (library pkgs);
        in
        # rustc and cargo alone are replaced, and must be there.
        builtins.seq changed.rustc.outPath (builtins.seq changed.cargo.outPath (library pkgs));
      buildDepsOnly = made;
      buildPackage = made; # without cargoArtifacts it builds the dependencies itself
      cargoClippy = arguments@{ cargoArtifacts, ... }: made arguments;
      cargoDeny = made; # sets cargoArtifacts itself, as cargoFmt does
      cargoDoc = arguments@{ cargoArtifacts, ... }: made arguments; # it is mkCargoDerivation that asks for them
      cargoFmt = made;
      cargoTest = arguments@{ cargoArtifacts, ... }: made arguments;
    };
in
{
  # default.nix of crane: `pkgs.callPackage ./lib { }`.
  mkLib = library;
}
