namespace Mefapex.Cli;

/// <summary>The registry answers, and does not carry the package.</summary>
internal sealed class MissingPackageException(NpmPackage package, Uri registry)
    : Exception($"{registry} does not carry {package.Name} {package.Version}");
