"""What we read of Wix's answers: only the fields that are needed, everything else ignored.

Decoding is strict: a number is not taken for a text nor a text for a time. What an enumeration
value means that we do not know is said where its field stands: one that we decide by makes its
record unreadable rather than guessed, any other is ignored.
"""

from badgejobs.wix.bodies.badges import (
    Assignment,
    AssignmentAnswer,
    Badge,
    BadgeAnswer,
    BulkAnswer,
    Icon,
    ItemMetadata,
    ItemResult,
    Nothing,
)
from badgejobs.wix.bodies.blog import Post, PostsTold
from badgejobs.wix.bodies.catalog import CatalogAnswer, Category, Collection, Product, ProductV3
from badgejobs.wix.bodies.comments import Author, Comment, Count, Replies, RepliesByComment
from badgejobs.wix.bodies.fields import Body, Record
from badgejobs.wix.bodies.order_lines import LineItem, Price
from badgejobs.wix.bodies.orders import BuyerInfo, Order, OrderTransactions, Payment
from badgejobs.wix.bodies.people import (
    InstanceAnswer,
    Joined,
    Member,
    MemberAnswer,
    MembersTold,
    Token,
    TokenInfo,
)
from badgejobs.wix.bodies.site import PropertiesAnswer

__all__ = [
    "Assignment",
    "AssignmentAnswer",
    "Author",
    "Badge",
    "BadgeAnswer",
    "Body",
    "BulkAnswer",
    "BuyerInfo",
    "CatalogAnswer",
    "Category",
    "Collection",
    "Comment",
    "Count",
    "Icon",
    "InstanceAnswer",
    "ItemMetadata",
    "ItemResult",
    "Joined",
    "LineItem",
    "Member",
    "MemberAnswer",
    "MembersTold",
    "Nothing",
    "Order",
    "OrderTransactions",
    "Payment",
    "Post",
    "PostsTold",
    "Price",
    "Product",
    "ProductV3",
    "PropertiesAnswer",
    "Record",
    "Replies",
    "RepliesByComment",
    "Token",
    "TokenInfo",
]
