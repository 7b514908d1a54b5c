<#
.SYNOPSIS
    One upload of a district: checks the files at home, uploads them, waits for the report, says how it ended.
.DESCRIPTION
    For Windows PowerShell 5.1 and PowerShell 7, with the OpenSSH client that Windows brings along. It does what
    upload.sh does, and reads the same settings.

    Exit status: 0 applied; 1 applied, but rows were rejected; 2 something is set up wrongly; 3 held until a person
    agrees; 4 refused (by the check at home: then nothing was uploaded); 5 failed, or no report came in time.

    What happens is also written to upload.log in the folder of the reports.
.PARAMETER Settings
    The settings; upload.conf beside this script where none is named.
.EXAMPLE
    powershell.exe -NoProfile -ExecutionPolicy Bypass -File C:\roster\upload.ps1
#>
param([string] $Settings)

$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false  # PowerShell 7: sftp's exit status is looked at, not thrown
$script:Ended = 5  # whatever goes wrong in a way that nobody foresaw
$script:LogFile = $null
$script:Utf8 = New-Object System.Text.UTF8Encoding($false)  # sftp and ssh read no byte order mark

function Write-Line([string] $Text) {
    Write-Host $Text
    if ($script:LogFile) {
        [IO.File]::AppendAllText($script:LogFile, $Text + [Environment]::NewLine, $script:Utf8)
    }
}

function Write-Said([string] $Sentence) {
    Write-Line ('{0:yyyy-MM-dd HH:mm:ss}  {1}' -f (Get-Date), $Sentence)
}

function Stop-Upload([int] $Status, [string] $Sentence) {
    $script:Ended = $Status
    throw $Sentence
}

function Get-FullPath([string] $Path) {
    $full = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    if ($full.Length -gt 3) { $full = $full.TrimEnd('\', '/') }  # PowerShell 5.1 would quote C:\my roster\ wrongly
    return $full
}

function Get-Slashed([string] $Path) {
    # as OpenSSH reads paths in its files; a name on Linux or macOS may have a backslash of its own
    if ([IO.Path]::DirectorySeparatorChar -eq '\') { return $Path.Replace('\', '/') }
    return $Path
}

function Get-Quoted([string] $Name) {
    # as sftp reads names in a batch
    return '"' + $Name.Replace('\', '\\').Replace('"', '\"') + '"'
}

function Read-Setting([string] $Path) {
    if (-not (Test-Path -LiteralPath $Path -PathType Leaf)) {
        Stop-Upload 2 "There are no settings: $Path is not there. Copy upload.conf.example to it."
    }
    $found = @{ port = '2222'; check = 'sftpingest'; format = 'auto'; wait = '30'; every = '15' }
    foreach ($line in [IO.File]::ReadAllLines($Path)) {
        if ($line -match '^\s*([a-z_]+)\s*=\s*(.*\S)\s*$') { $found[$Matches[1]] = $Matches[2] }
    }
    foreach ($name in 'server', 'login', 'key', 'known_hosts', 'folder', 'reports') {
        if (-not $found.ContainsKey($name)) { Stop-Upload 2 "$Path does not say what $name is." }
    }
    foreach ($name in 'wait', 'every') {
        if ($found[$name] -notmatch '^[0-9]+$') { Stop-Upload 2 "${Path}: wait and every are whole numbers." }
    }
    foreach ($name in 'key', 'known_hosts', 'folder', 'reports') { $found[$name] = Get-FullPath $found[$name] }
    if (-not (Test-Path -LiteralPath $found['folder'] -PathType Container)) {
        Stop-Upload 2 "$($found['folder']) is no folder. Correct it in $Path."
    }
    foreach ($name in 'key', 'known_hosts') {
        if (-not (Test-Path -LiteralPath $found[$name] -PathType Leaf)) {
            Stop-Upload 2 "$($found[$name]) cannot be read. Correct $name in $Path."
        }
    }
    return $found
}

function Write-SshConfig {
    # Nothing of this asks, and a server with another host key is never spoken to. A key that the server announces for
    # later is learnt into the same file, so that the upload goes on when the server gets a new one.
    $lines = @(
        'Host *',
        "    Port $($script:Set['port'])",
        "    User $($script:Set['login'])",
        "    IdentityFile `"$(Get-Slashed $script:Set['key'])`"",
        '    IdentitiesOnly yes',
        "    UserKnownHostsFile `"$(Get-Slashed $script:Set['known_hosts'])`"",
        '    StrictHostKeyChecking yes',
        '    UpdateHostKeys yes',
        '    BatchMode yes',
        '    ConnectTimeout 30',
        '    ServerAliveInterval 15',
        '    ServerAliveCountMax 8'
    )
    [IO.File]::WriteAllText((Join-Path $script:Work 'ssh_config'), ($lines -join "`n") + "`n", $script:Utf8)
}

function Invoke-Program([string] $Program, [string[]] $Arguments) {
    # its exit status, and all that it says; PowerShell 5.1 would throw at the first line on standard error
    if (-not (Get-Command $Program -CommandType Application -ErrorAction SilentlyContinue)) {
        Stop-Upload 2 "The program $Program is not there. Install it, or correct its path in $Settings."
    }
    $ErrorActionPreference = 'Continue'
    $lines = @(& $Program @Arguments 2>&1 | ForEach-Object { "$_" })
    return [pscustomobject]@{ Status = $LASTEXITCODE; Lines = $lines }
}

function Invoke-Batch([string[]] $Lines) {
    $batch = Join-Path $script:Work 'batch'
    [IO.File]::WriteAllText($batch, ($Lines -join "`n") + "`n", $script:Utf8)
    $config = Join-Path $script:Work 'ssh_config'
    return Invoke-Program 'sftp' @('-F', $config, '-b', $batch, $script:Set['server'])
}

function Test-AtHome {
    $report = Join-Path $script:Set['reports'] 'check'
    $words = @('check', $script:Set['folder'], '--format', $script:Set['format'], '--report', $report)
    $checked = Invoke-Program $script:Set['check'] $words
    if ($checked.Status -eq 0) {
        Write-Said 'The check at home found nothing that stops a row.'
    } elseif ($checked.Status -eq 1) {
        Write-Said "The check at home would reject rows: see $report. All files are uploaded nevertheless."
    } elseif ($checked.Status -eq 4) {
        Write-Line ([IO.File]::ReadAllText((Join-Path $report 'summary.txt')))
        Stop-Upload 4 "The check at home refuses these files. Nothing was uploaded. The report: $report"
    } else {
        Write-Line ($checked.Lines -join [Environment]::NewLine)
        Stop-Upload 2 'The files could not be checked. Nothing was uploaded.'
    }
}

function Get-Sum {
    # of every file, to see whether the export still writes
    $found = foreach ($path in [IO.Directory]::GetFiles($script:Set['folder'])) {
        "$((Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash) $path"
    }
    return ($found | Sort-Object) -join "`n"
}

function Get-Listed([string[]] $Lines) {
    # every report that sftp has just listed, oldest first
    $found = foreach ($line in $Lines) {
        if ($line -match '([0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9]{6}Z-([0-9]{6,}))/*\s*$') {
            [pscustomobject]@{ Number = [long] $Matches[2]; Folder = $Matches[1] }
        }
    }
    return @($found | Where-Object { $_ } | Sort-Object -Property Number)
}

function Send-File {
    # The reports are listed in the same session, just before the first file is sent: what is newer then is a new one.
    $folder = $script:Set['folder']
    $lines = @('-ls -1 /reports', "lcd $(Get-Quoted (Get-Slashed $folder))")
    $names = @([IO.Directory]::GetFiles($folder) | ForEach-Object { [IO.Path]::GetFileName($_) } |
            Where-Object { -not $_.StartsWith('.') } | Sort-Object)
    if ($names.Count -eq 0) { Stop-Upload 2 "There are no files in $folder. Nothing was uploaded." }
    foreach ($name in $names) { $lines += "put $(Get-Quoted $name)" }
    for ($try = 1; $try -le 3; $try++) {
        $done = Invoke-Batch $lines
        if ($done.Status -eq 0) { return Get-Newest $done.Lines }
        Write-Line ($done.Lines -join [Environment]::NewLine)
        if ($try -lt 3) {
            Write-Said "The upload broke off. Once more in $($script:Set['every']) seconds."
            Start-Sleep -Seconds ([int] $script:Set['every'])
        }
    }
    Stop-Upload 5 'The upload failed three times. The lines above say why.'
}

function Get-Newest([string[]] $Lines) {
    $listed = @(Get-Listed $Lines)
    if ($listed.Count -eq 0) { return [long] 0 }
    return $listed[-1].Number
}

function Receive-Report([string] $Folder) {
    # the report, whole; false where it was replaced meanwhile
    $there = Join-Path $script:Work 'report'
    if (Test-Path -LiteralPath $there) { Remove-Item -LiteralPath $there -Recurse -Force }
    [void] [IO.Directory]::CreateDirectory($there)
    $lines = @("lcd $(Get-Quoted (Get-Slashed $there))")
    foreach ($name in 'summary.txt', 'rejections.csv', 'report.html', 'result.json') {
        $lines += "get /reports/$Folder/$name"
    }
    $lines += "-get -r /reports/$Folder/rejected"
    return (Invoke-Batch $lines).Status -eq 0
}

function Read-Result([string] $Folder) {
    return [IO.File]::ReadAllText((Join-Path $Folder 'result.json')) | ConvertFrom-Json
}

function Test-Ours {
    # the report is about the files that were just uploaded: as many rows of each as the check has read
    if ($script:Set['check'] -eq 'no') { return $true }
    $ours = Read-Result (Join-Path $script:Set['reports'] 'check')
    $theirs = Read-Result (Join-Path $script:Work 'report')
    foreach ($file in @($ours.files.PSObject.Properties)) {
        $same = $theirs.files.PSObject.Properties[$file.Name]
        if (-not $same -or $same.Value.rows -ne $file.Value.rows) { return $false }
    }
    return $true
}

function Wait-Report([long] $Seen) {
    $deadline = (Get-Date).AddMinutes([int] $script:Set['wait'])
    $other = $null
    while ($true) {
        $done = Invoke-Batch @('ls -1 /reports')
        foreach ($report in @(Get-Listed $done.Lines)) {
            if ($report.Number -le $Seen) { continue }
            if (-not (Receive-Report $report.Folder)) { break }
            $Seen = $report.Number
            if (Test-Ours) { return }
            Write-Said "Report $Seen is about other files, of an upload before this one. Waiting on."
            $other = $report
        }
        if ((Get-Date) -ge $deadline) { break }
        Start-Sleep -Seconds ([int] $script:Set['every'])
    }
    if ($other -and (Receive-Report $other.Folder)) {
        Write-Said 'No other report came: this one is taken.'
        return
    }
    if ($done.Status -ne 0) { Write-Line ($done.Lines -join [Environment]::NewLine) }
    $minutes = $script:Set['wait']
    Stop-Upload 5 "No report came within $minutes minutes. Look into /reports later, or ask whoever runs the server."
}

function Save-Report {
    $kept = Join-Path $script:Set['reports'] 'upload'
    if (Test-Path -LiteralPath $kept) { Remove-Item -LiteralPath $kept -Recurse -Force }
    Copy-Item -LiteralPath (Join-Path $script:Work 'report') -Destination $kept -Recurse
    Write-Line ([IO.File]::ReadAllText((Join-Path $kept 'summary.txt')))
    Write-Said "The report: $kept"
    return Read-Result $kept
}

function Get-Ended($Result) {
    $rejected = @($Result.files.PSObject.Properties | Where-Object { $_.Value.rejected -gt 0 }).Count
    switch ($Result.outcome) {
        'applied' { if ($rejected -gt 0) { return 1 } else { return 0 } }
        'held' { return 3 }
        'discarded' { return 3 }
        'refused' { return 4 }
        default { return 5 }
    }
}

if (-not $Settings) { $Settings = Join-Path $PSScriptRoot 'upload.conf' }
$script:Work = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
try {
    [void] [IO.Directory]::CreateDirectory($script:Work)
    $Settings = Get-FullPath $Settings
    $script:Set = Read-Setting $Settings
    [void] [IO.Directory]::CreateDirectory($script:Set['reports'])
    $script:LogFile = Join-Path $script:Set['reports'] 'upload.log'
    Write-SshConfig
    $before = Get-Sum
    if ($script:Set['check'] -ne 'no') { Test-AtHome }
    if ((Get-Sum) -ne $before) {
        Stop-Upload 5 'The files changed while they were checked: the export still runs. Nothing was uploaded.'
    }
    $seen = Send-File
    if ((Get-Sum) -ne $before) {
        Stop-Upload 5 'The files changed while they were uploaded: some may be old and some new. Run this once more.'
    }
    Write-Said 'Uploaded. Waiting for the report.'
    Wait-Report $seen
    $result = Save-Report
    $script:Ended = Get-Ended $result
} catch {
    Write-Said "$($_.Exception.Message)"
} finally {
    Remove-Item -LiteralPath $script:Work -Recurse -Force -ErrorAction SilentlyContinue
}
exit $script:Ended
