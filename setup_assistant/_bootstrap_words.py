"""What the first start says, in English and Chinese. Must parse on an old Python 3, too."""

SENTENCES = {
    "old": (
        "Setup Assistant needs Python {oldest} or newer; this is Python {found}.",
        "Setup Assistant 需要 Python {oldest} 或更新版本；当前是 Python {found}。",
    ),
    "old_remedy": (
        "Run it with a newer one, for example: python3.12 -m setup_assistant",
        "请用更新的版本运行，例如：python3.12 -m setup_assistant",
    ),
    "no_venv": (
        "This Python cannot make virtual environments: its module {module} is missing.",
        "这个 Python 无法创建虚拟环境：缺少模块 {module}。",
    ),
    "no_venv_remedy": (
        "Install it with: {command}",
        "请先安装：{command}",
    ),
    "making": (
        "Preparing Setup Assistant's own environment in {path} (once, about 15 s) ...",
        "正在准备 Setup Assistant 自己的环境 {path}（仅一次，约 15 秒）……",
    ),
    "failed": (
        "Could not install Setup Assistant's own packages: {detail}",
        "无法安装 Setup Assistant 自己的软件包：{detail}",
    ),
    "failed_remedy": (
        "Check the connection or your pip settings (pip config list), then run it again.",
        "请检查网络或 pip 设置（pip config list），然后重新运行。",
    ),
    "readonly": (
        "{path} cannot be written: {detail}",
        "无法写入 {path}：{detail}",
    ),
    "readonly_remedy": (
        "Copy this folder to a place of your own, and run it there.",
        "请把这个文件夹复制到有写权限的位置再运行。",
    ),
}
