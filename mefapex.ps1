# Mefapex's one command: builds its program when the sources are newer than the build, then runs it.
$ErrorActionPreference = 'Stop'

$root = $PSScriptRoot
$mefapexHome = Join-Path $root '.mefapex'
$sources = Join-Path $root 'eng/Mefapex.Cli'
$cli = Join-Path $mefapexHome 'cli'
$program = Join-Path $cli 'mefapex.dll'

function Fail([string] $cause, [string] $remedy) {
    [Console]::Error.WriteLine("error: $cause")
    if ($remedy) { [Console]::Error.WriteLine("  $remedy") }
    exit 1
}

function Test-Stale {
    $stamp = Join-Path $cli 'stamp'
    if (-not (Test-Path $program) -or -not (Test-Path $stamp)) { return $true }
    $built = (Get-Item $stamp).LastWriteTimeUtc
    $newer = Get-ChildItem $sources -Recurse -File |
        Where-Object { $_.FullName -notmatch '[\\/](bin|obj)[\\/]' -and $_.LastWriteTimeUtc -gt $built }
    return [bool] $newer
}

function Build-Program {
    [Console]::Error.WriteLine('Building the mefapex command')
    try { New-Item -ItemType Directory -Force $mefapexHome | Out-Null }
    catch { Fail "The folder $mefapexHome cannot be written." 'Make it writable for this user, or use a clone elsewhere.' }

    # One build at a time; the operating system frees the mutex of a run that was interrupted.
    $name = 'mefapex-' + ($root.ToLowerInvariant() -replace '[^a-z0-9]', '-')
    $mutex = [System.Threading.Mutex]::new($false, $name.Substring(0, [Math]::Min(200, $name.Length)))
    try { [void] $mutex.WaitOne() } catch [System.Threading.AbandonedMutexException] { }
    $made = Join-Path $mefapexHome "cli.$PID"
    try {
        if (-not (Test-Stale)) { return }
        $started = [DateTime]::UtcNow
        foreach ($variable in 'MSBUILD_EXE_PATH', 'MSBuildSDKsPath', 'MSBuildExtensionsPath', 'MSBuildLoadMicrosoftTargetsReadOnly') {
            [Environment]::SetEnvironmentVariable($variable, $null)
        }
        $env:DOTNET_NOLOGO = '1'
        $env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
        $env:MSBUILDDISABLENODEREUSE = '1'
        Push-Location $root
        $ErrorActionPreference = 'Continue'
        $log = & $dotnet build (Join-Path $sources 'Mefapex.Cli.csproj') --configuration Release --output (Join-Path $made 'cli') `
            "-p:BaseIntermediateOutputPath=$made/obj/" '-p:MefapexBootstrap=true' '-p:UseSharedCompilation=false' `
            --verbosity quiet --nologo -tl:off 2>&1
        $built = $LASTEXITCODE
        $ErrorActionPreference = 'Stop'
        Pop-Location
        if ($built -ne 0) {
            $log | ForEach-Object { [Console]::Error.WriteLine($_) }
            Fail 'The mefapex command could not be built.' 'If it asks for an SDK: https://dotnet.microsoft.com/download/dotnet/10.0'
        }
        $stamp = New-Item -ItemType File -Force (Join-Path $made 'cli/stamp')
        $stamp.LastWriteTimeUtc = $started
        if (Test-Path $cli) { Remove-Item -Recurse -Force $cli }
        Move-Item (Join-Path $made 'cli') $cli
    }
    finally {
        if (Test-Path $made) { Remove-Item -Recurse -Force $made }
        $mutex.ReleaseMutex()
    }
}

$found = Get-Command dotnet -ErrorAction SilentlyContinue
if ($found) { $dotnet = $found.Source }
elseif ($env:DOTNET_ROOT -and (Test-Path (Join-Path $env:DOTNET_ROOT 'dotnet.exe'))) { $dotnet = Join-Path $env:DOTNET_ROOT 'dotnet.exe' }
else { Fail 'There is no .NET SDK on this machine.' 'Install the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0' }

if (Test-Stale) { Build-Program }
& $dotnet $program @args
exit $LASTEXITCODE
