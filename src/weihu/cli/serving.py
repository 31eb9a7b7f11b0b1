"""``weihu serve`` and ``weihu demo``."""

from __future__ import annotations

from datetime import date

import click

from weihu.cli.base import (
    main,
    setup,
    with_workplace,
)
from weihu.engine.lake import Home

IN_MEMORY = 80 * 1024 * 1024
SERVER = {
    "threads": 8,
    # requests are never buffered on disk, where an uploaded workbook would lie open; larger ones are refused
    "inbuf_overflow": 2 * IN_MEMORY,
    "max_request_body_size": IN_MEMORY,
    # who opens connections and says nothing keeps nobody out: there are many, and a silent one is closed soon
    "connection_limit": 2000,
    "channel_timeout": 20,
    "cleanup_interval": 5,
    "asyncore_use_poll": True,
}
ANSWER_SECONDS = 5
"""So long a page waits for others to write the database before it says that the system is busy."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@with_workplace
def serve(home: Home, host: str, port: int) -> None:
    """Serve the workplace; Ctrl-C stops it."""
    import waitress  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    migrations = MigrationExecutor(connection)
    if migrations.migration_plan(migrations.loader.graph.leaf_nodes()):
        raise click.ClickException(
            "数据库不是本版本的结构,请先运行 weihu init / the database is not of this version; run weihu init first"
        )
    if connection.vendor == "sqlite":
        settings.DATABASES["default"]["OPTIONS"]["timeout"] = ANSWER_SECONDS
    _load_pages()
    proxy = {"trusted_proxy": settings.PROXY, "trusted_proxy_headers": "x-forwarded-proto x-forwarded-for"}
    try:
        server = waitress.create_server(
            get_wsgi_application(), host=host, port=port, ident=None, **SERVER, **(proxy if settings.HTTPS else {})
        )
    except OSError as error:
        message = f"{host}:{port} 无法使用,请用 --port 另选端口 / cannot be used, choose another with --port"
        raise click.ClickException(f"{message}: {error.strerror}") from None
    click.echo(f"http://{host}:{port}/", err=True)
    server.run()


def _load_pages() -> None:
    """Load views and templates, which the first visitor would otherwise wait a second for."""
    from importlib import import_module  # noqa: PLC0415

    from django.conf import settings  # noqa: PLC0415
    from django.template.loader import get_template  # noqa: PLC0415

    import_module(settings.ROOT_URLCONF)
    folder = settings.WORKPLACE / "templates"
    for page in sorted(folder.rglob("*.html")):
        get_template(str(page.relative_to(folder)))


@main.command()
@click.option("--customers", default=5000, show_default=True)
@click.option("--days", default=400, show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--no-serve", is_flag=True, help="Only set up.")
@click.pass_obj
def demo(home: Home, customers: int, days: int, port: int, no_serve: bool) -> None:
    """A synthetic bank with logins for every post, served on this machine."""
    from weihu.demo import bank  # noqa: PLC0415

    bank.found(home)
    setup(home)
    from weihu.demo import logins, outbox, start  # noqa: PLC0415

    start.prepare(home, customers, days, date.today())  # noqa: DTZ011 - the command line is where today comes from
    click.echo(logins.page(home, port))
    if not no_serve:
        messages = home.root / "messages"
        with outbox.caught(messages):
            click.echo(f"发出的消息 / messages that are sent: {messages}/", err=True)
            click.get_current_context().invoke(serve, port=port)
