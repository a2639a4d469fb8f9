"""Pages as sites send them: articles, and what is shown instead of one."""

PARAGRAPHS = (
    "The harbour of Lindau will get a new bridge next year. The town council voted for it on Monday evening.",
    "The bridge costs 4.2 million euros and will be 80 metres long. Mayor Anna Berger called it a gift to walkers.",
    "Cyclists had asked for a second lane. The council turned that down, because the piers would have to be wider.",
    "Work begins in March 2027 and ends before the summer of 2028. Ferries will run as usual during that time.",
    "A survey of 1,250 residents found that two thirds are in favour. Fishermen fear for the herons in the reeds.",
    "The old bridge from 1912 stays open until the new one is finished. It will then become a museum of rowing.",
)


def article_page(*, extra: str = "", head: str = "", title: str = "A new bridge for Lindau") -> str:
    """An ordinary news page around the six paragraphs; `extra` goes into its middle."""
    body = [f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS]
    body.insert(3, extra)
    return f"""<!doctype html><html lang="en"><head><title>{title} | Lake News</title>
    <meta property="og:title" content="{title}"><meta property="og:site_name" content="Lake News">
    <meta name="author" content="Jo Keller"><meta property="article:published_time" content="2026-02-27T08:00:00Z">
    {head}</head><body><nav><a href="/">Home</a><a href="/sport">Sport</a></nav>
    <article><h1>{title}</h1>{"".join(body)}</article>
    <footer><p>All rights reserved.</p></footer></body></html>"""


def bare_page(body: str, *, title: str = "", head: str = "") -> str:
    return f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


SCRIPT_SHELL = bare_page(
    "<noscript>You need to enable JavaScript to run this app.</noscript><div id='root'></div><script>go()</script>",
    title="Reader",
)
EMPTY_SHELL = bare_page("<div id='app'></div><script src='/app.js'></script>", title="Reader")
COOKIE_WALL = bare_page(
    """<div><h2>Your privacy matters</h2><p>We and our 842 partners store cookies on your device to show you
    advertisements. With your consent we and our partners may use precise location data. You may accept all cookies
    or manage your choices. Please note that some partners do not ask for your consent.</p>
    <p>You can change your mind at any time under Privacy Policy at the bottom of each page.</p>
    <button>Accept all</button></div>""",
    title="Lake News",
)
LOGIN = bare_page(
    """<form action="/login"><h1>Welcome back</h1><p>Please log in to go on to the page that you asked for.</p>
    <input name="email"><input type="password" name="password"><button>Log in</button></form>
    <p>Have you forgotten your password? We can send you a new one. Are you new here? Then sign up in a minute.</p>""",
    title="Log in",
)
PAYWALL = bare_page(
    f"""<article><h1>A new bridge for Lindau</h1><p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p></article>
    <div><p>Subscribe to continue reading. Already a subscriber? Sign in.</p></div>""",
    title="A new bridge for Lindau",
    head="""<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script>""",
)
BOT_CHECK = bare_page(
    "<h1>lake-news.example</h1><p>Verifying you are human. This may take a few seconds.</p><p>Ray ID: 8a7b</p>",
    title="Just a moment...",
)
SOFT_404 = bare_page(
    """<h1>Page not found</h1><p>We are sorry, but the page that you are looking for does not exist any more.</p>
    <p>It may have been moved to another address, or there may be a mistake in the link that brought you here.</p>
    <p>Go back to our home page, or use the search at the top of the page to find what you need.</p>""",
    title="404 - Page not found",
)
HEADLINES = bare_page(
    "<main>"
    + "".join(
        f"<h3><a href='/{number}'>The council of town number {number} votes on a new bridge</a></h3>"
        for number in range(40)
    )
    + "</main>",
    title="Lake News: all news",
)
VIDEO = bare_page(
    "<h1>The bridge from the air</h1><p>12,345 views</p>",
    title="The bridge from the air",
    head="""<meta property="og:type" content="video.other">""",
)
NEARLY_EMPTY = bare_page("<p>Coming soon.</p>", title="Lake News")
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Lake News</title>
<item><title>A new bridge</title><description>Words.</description></item></channel></rss>"""
