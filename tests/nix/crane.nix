# Of crane, what flake.nix calls.
let
  library =
    pkgs:
    let
      made = arguments: import ./derivation.nix (arguments.pname or "shell") pkgs.system arguments;
    in
    {
      mkCargoDerivation =
        # These two have no default in crane.
        arguments@{ cargoArtifacts, buildPhaseCargoCommand, ... }: made arguments;
      overrideScope =
        change:
        let
          changed = change (library pkgs) (library pkgs);
        in
        # rustc and cargo alone are replaced, and must be there.
        builtins.seq changed.rustc.outPath (builtins.seq changed.cargo.outPath (library pkgs));
      devShell = made;
      buildDepsOnly = made;
      buildPackage = made;
      cargoClippy = made;
      cargoDeny = made;
      cargoDoc = made;
      cargoFmt = made;
      cargoTest = made;
    };
in
{
  mkLib = library;
}
