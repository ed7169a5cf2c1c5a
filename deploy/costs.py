def table() -> str:
    return ""


def main() -> None:
    pass
