"""The demo: a synthetic bank, replayed, with people who worked in it and a login for every post.

``bank`` founds it and lets its days pass, ``nights`` runs a night after each while ``working`` has people work in
between, which customers feel the next day; ``lives`` gives the customers what a core system does not know, ``learning``
has models learn, ``logins`` lets somebody of every post in. ``start`` is the order of these stages; ``stages`` shows how
far they are.
"""
