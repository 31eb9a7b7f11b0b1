"""What a rule book (制度) says, one module a section: ``[signals.…]`` is in ``signals``, ``[grades.…]`` in ``grades``."""
