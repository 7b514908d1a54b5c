"""All that an operator may set; read once, checked, and frozen.

In:  one TOML file, and SFTPINGEST_* in the environment, which wins over the file; secrets also as *_FILE.
Out: Settings, or WrongSetting: one sentence that names the setting.
"""

from sftpingest.settings.fields import ALLOWED, PREFIX, SECRETS, Settings
from sftpingest.settings.reading import WrongSetting, names, read

__all__ = ["ALLOWED", "PREFIX", "SECRETS", "Settings", "WrongSetting", "names", "read"]
