"""How a neural voice is opened: on its device, as it was prepared for this machine, else as its files are."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from hayakoe_daemon.audio.level import TARGET, loudness
from hayakoe_daemon.typed import typed
from hayakoe_daemon.voice.absent import NoBert, NoSynthesizer
from hayakoe_daemon.voice.cuda.card import Card, CardError, GpuMemory, NoRoomError
from hayakoe_daemon.voice.device import Device
from hayakoe_daemon.voice.engine import EngineError
from hayakoe_daemon.voice.opened import BeingPrepared, Opened
from hayakoe_daemon.voice.prepare.look_up import bert_key, voice_key
from hayakoe_daemon.voice.prepare.order import Found, Order, Precise, remark
from hayakoe_daemon.voice.prepare.prepared import Part, PreparedVoice
from hayakoe_daemon.voice.prepare.shelf import Shelf
from hayakoe_daemon.voice.prepare.workshop import Workshop
from hayakoe_daemon.voice.recollection import Recollected, Recollection, Recollections
from hayakoe_daemon.voice.stamps import stamps
from hayakoe_daemon.voice.store.files import BertFiles, VoiceError, VoiceFiles
from hayakoe_daemon.voice.store.store import Store

if TYPE_CHECKING:
    from hayakoe_daemon.voice.cache.cache import RenderCache
    from hayakoe_daemon.voice.neural import NeuralVoice
    from hayakoe_daemon.voice.prepared_bert import PreparedBertFiles
    from hayakoe_daemon.voice.synthesizer import BertModel, Synthesizer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manual:
    """How one voice is to be opened."""

    folder: Path
    """Of the voices."""
    prepared: Path
    """The folder of all that was prepared."""
    precise: Precise = Precise()  # noqa: RUF009, it is frozen
    prepare: bool = True
    """False: it is opened as its files are."""
    device: Device = Device.CPU
    gpu_memory: GpuMemory = GpuMemory.RESIDENT

    def order(self, name: str) -> Order | None:
        """None where it is not to be prepared. Raises VoiceError."""
        if not self.prepare:
            return None
        return order(Store(self.folder), name, self.prepared, self.precise, self.device)


def order(store: Store, name: str, root: Path, precise: Precise, device: Device = Device.CPU) -> Order:
    """Raises VoiceError, also where there is no BERT."""
    files, bert = _files(store, name)
    return Order.of(files, bert, root, precise, device)


_BertKey = tuple[BertFiles, int, Path | None]
"""What was installed, when (ns since the epoch), and the folder of what was prepared of it."""


class _NotForTheCard(Exception):  # noqa: N818, it goes on on the processor
    """The voice speaks on the processor, though the card is well; says why."""


class Opener:
    """Opens voices, and has them prepared by the workshop; without one what was not prepared is opened as it is.

    All voices on one device share a BERT, which is there as long as one of them is, and all one graphics card. What
    they say is kept in the `cache`, and in `recollections` what they need to say it again before they are opened.
    `open` belongs to one thread.
    """

    def __init__(
        self,
        workshop: Workshop | None,
        cache: RenderCache | None = None,
        recollections: Recollections | None = None,
        *,
        card: Card | None = None,
    ) -> None:
        self._workshop = workshop
        self._card = card or Card()
        self._on_card: set[str] = set()
        self._for_card: set[str] = set()
        """Voices that are to be opened anew where the card is tried again."""
        self._spares: set[Order] = set()
        self._cache = cache
        self._recollections = recollections
        self._berts: WeakValueDictionary[_BertKey, BertModel] = WeakValueDictionary()
        """Held by the voices alone."""
        self._made_again: set[Path] = set()

    def open(self, name: str, manual: Manual, begin: Callable[[], None] = lambda: None) -> Opened:
        """`begin` is called before a model is loaded. Raises BeingPrepared, VoiceError and what libraries raise."""
        return self.open_files(*_files(Store(manual.folder), name), manual, begin)

    def open_files(
        self, files: VoiceFiles, bert_files: BertFiles, manual: Manual, begin: Callable[[], None] = lambda: None
    ) -> Opened:
        """The same of files wherever they lie."""
        self._on_card.discard(files.name)
        if manual.device is Device.CPU:
            self._for_card.discard(files.name)
            return self._open(files, bert_files, manual, begin)
        self._card.memory = manual.gpu_memory
        # First this, then a look at the card: who has it tried again meanwhile finds the voice, or is seen here.
        self._for_card.add(files.name)
        attempt = self._card.attempt
        why = self._card.hindrance() if manual.prepare else "voices.prepare is off, and the graphics card needs it"
        if why is None:
            try:
                opened = self._open(files, bert_files, manual, begin)
            except CardError as error:
                self._on_card.discard(files.name)
                why = str(error)
                if isinstance(error, NoRoomError) and self._on_card:  # for the others it is of use
                    log.warning("voice %s speaks on the processor: %s", files.name, why)
                    return self._on_the_processor(files, bert_files, manual, begin, why)
            except _NotForTheCard as error:
                self._for_card.discard(files.name)
                return self._on_the_processor(files, bert_files, manual, begin, str(error))
            else:
                self._for_card.discard(files.name)
                return opened
        self._card.give_up(why, attempt)
        if not manual.prepare:
            self._for_card.discard(files.name)  # to try the card again would change nothing
        return self._on_the_processor(files, bert_files, manual, begin, why)

    def _on_the_processor(
        self, files: VoiceFiles, bert_files: BertFiles, manual: Manual, begin: Callable[[], None], why: str
    ) -> Opened:
        opened = self._open(files, bert_files, replace(manual, device=Device.CPU), begin)
        note = f"it speaks on the processor, not on the graphics card: {why}"
        return replace(opened, note=note if opened.note is None else f"{note}; {opened.note}")

    def _open(self, files: VoiceFiles, bert_files: BertFiles, manual: Manual, begin: Callable[[], None]) -> Opened:
        from hayakoe_daemon.voice.neural import NeuralVoice, Past  # noqa: PLC0415, only where there are such voices

        now = stamps((*sorted(files.synthesizer.parent.iterdir()), bert_files.model))
        keys = Order.of(files, bert_files, manual.prepared, manual.precise, manual.device)
        self._spares.discard(keys)
        on_processor = Order.of(files, bert_files, manual.prepared, manual.precise)
        wished = keys if manual.prepare else None
        found, note = Found(None, None), None
        if wished is not None:
            wished, found, note = self._prepared(wished, on_processor, manual.precise)
            if wished.voice.device is not Device.CPU and (found.bert is None or found.voice is None):
                raise _NotForTheCard(note or "it is not prepared for it yet")
        begin()
        bert = self._shared(bert_files, found, wished)
        synthesizer = self._synthesizer(files, found.voice, wished)
        past = None if self._cache is None else Past(self._cache, _models(wished or keys, found))

        def levelled(gain: float) -> None:
            if past is not None and self._recollections is not None:
                self._recollections.note(files.name, Recollection(past.models, gain, now))

        engine = NeuralVoice(
            files, bert, synthesizer, measure=loudness, target_loudness=TARGET, past=past, levelled=levelled
        )
        voice = found.voice
        on_card = any(one is not None and one.device is not Device.CPU for one in (found.bert, voice))
        if wished is not None and voice is not None and on_card:
            self._warm_up_on_card(engine, wished, voice)
            self._on_card.add(files.name)
            if (why := self._card.hindrance()) is not None:  # given up meanwhile, by a voice that spoke
                engine.close()
                raise CardError(why)
            self._make_spare(on_processor)

        def of_no_use(why: str) -> None:
            if wished and voice and not (on_card and self._card.hindrance()):
                self._of_no_use(wished, voice, why)

        return Opened(
            engine,
            files=now,
            mapped=_read_again(found, manual.gpu_memory),
            note=note,
            at_once=1 if voice is None else voice.sentences_at_once,
            of_no_use=of_no_use,
        )

    def recollected(self, name: str, manual: Manual) -> Recollected | None:
        """The voice as it was last time, for what it said then; None where nothing is known of that."""
        known = None if self._recollections is None else self._recollections.of(name)
        if known is None or self._cache is None:
            return None
        from hayakoe_daemon.voice.neural import NeuralVoice, Past  # noqa: PLC0415, only where there are such voices

        try:
            files, bert = _files(Store(manual.folder), name)
            voice = NeuralVoice(
                files,
                NoBert(bert.tokenizer),
                NoSynthesizer(files.config.sample_rate, files.config.hop_length),
                measure=loudness,
                target_loudness=TARGET,
                past=Past(self._cache, known.models),
                gain=known.gain,
            )
        except (VoiceError, OSError):
            return None  # whoever opens it is told
        return Recollected(voice, known.files)

    def order(self, name: str, manual: Manual) -> Order | None:
        """For where it would be opened now; None where it is not to be prepared. Raises VoiceError."""
        usable = manual.device is Device.CPU or self._card.hindrance() is None
        return (manual if usable else replace(manual, device=Device.CPU)).order(name)

    @property
    def on_card(self) -> frozenset[str]:
        """The voices that were opened on the graphics card."""
        return frozenset(self._on_card)

    def tidy(self) -> None:
        """What idles leaves the graphics card, where it is to; called now and then."""
        self._card.tidy()

    def try_card_again(self) -> frozenset[str]:
        """The graphics card may be of use after all. Which voices are to be opened anew for it: those that are not on
        it because it was given up, and the one that is being opened. Any thread may ask.
        """
        return frozenset(self._for_card) if self._card.try_again() else frozenset()

    def forget(self, name: str) -> None:
        """The voice was removed. Any thread may tell."""
        self._on_card.discard(name)
        self._for_card.discard(name)

    def is_spare(self, order: Order) -> bool:
        """Whether it was prepared for the day on which the graphics card fails: nobody waits for it."""
        return order in self._spares

    @property
    def prepares(self) -> bool:
        return self._workshop is not None

    def _warm_up_on_card(self, engine: NeuralVoice, wished: Order, voice: PreparedVoice) -> None:
        """Where memory is short this is where it shows, and the processor can take over."""
        try:
            engine.warm_up()
        except EngineError as error:
            engine.close()
            if isinstance(error, CardError):
                raise
            self._of_no_use(wished, voice, str(error))
            raise BeingPrepared from error

    def _make_spare(self, on_processor: Order) -> None:
        """Have it prepared for the processor as well, so that it can take over at once."""
        if self._workshop is not None and self._workshop.ready(on_processor) is None:
            self._spares.add(on_processor)

    def _prepared(self, wished: Order, on_processor: Order, precise: Precise) -> tuple[Order, Found, str | None]:
        """As it is wished, else as it was prepared for the processor or in 32 bits, until then or in its place."""
        found: Found | None = Found(None, None)
        if self._workshop is not None:
            found = self._workshop.ready(wished)
        elif wished.known:
            found = wished.look()
        if (found is None or found.voice is None) and wished.known:
            for former in (on_processor, on_processor.in_fp32()):
                before = former.look()
                if before.bert is not None and before.voice is not None:
                    return former, before, None if self._workshop is None else self._workshop.refusal(wished)
        if found is None:
            raise BeingPrepared
        note = None if self._workshop is None else self._workshop.refusal(wished)
        if note is None and found.voice is not None:
            note = remark(found.voice, precise.wanted)
        return wished, found, note

    def _synthesizer(self, files: VoiceFiles, voice: PreparedVoice | None, wished: Order | None) -> Synthesizer:
        from hayakoe_daemon.voice.vits import WholeSynthesizer  # noqa: PLC0415, onnxruntime is heavy

        if voice is None or wished is None:
            return WholeSynthesizer(files)
        from hayakoe_daemon.voice.pieces import PiecewiseSynthesizer  # noqa: PLC0415, as above
        from hayakoe_daemon.voice.sessions import map_prepared  # noqa: PLC0415, as above

        try:
            if voice.device is not Device.CPU:
                from hayakoe_daemon.voice.cuda.synthesizer import CudaSynthesizer  # noqa: PLC0415, as above

                return CudaSynthesizer(voice, self._card)
            if voice.split:
                return PiecewiseSynthesizer(voice)
            return WholeSynthesizer(files, graph=map_prepared(voice.graph(Part.WHOLE)))
        except CardError:
            raise
        except EngineError as error:
            self._of_no_use(wished, voice, str(error))
            raise BeingPrepared from error

    def _shared(self, files: BertFiles, found: Found, wished: Order | None) -> BertModel:
        """That of the voices that are open, opened anew only where they have none such."""
        made = found.bert
        key = (files, files.model.stat().st_mtime_ns, None if made is None else made.folder)
        bert = self._berts.get(key)
        if bert is None:
            bert = self._berts[key] = self._new_bert(files, made, wished)
        return bert

    def _new_bert(self, files: BertFiles, made: PreparedBertFiles | None, wished: Order | None) -> BertModel:
        if made is None or wished is None:
            from hayakoe_daemon.voice.bert import Bert  # noqa: PLC0415, onnxruntime is heavy

            return Bert(files)
        try:
            return self._prepared_bert(made, files.tokenizer)
        except CardError:
            raise
        except EngineError as error:
            self._make_again(wished, made.folder, wished.bert.shelf_name, str(error))
            raise BeingPrepared from error

    def _prepared_bert(self, made: PreparedBertFiles, tokenizer: Path) -> BertModel:
        from hayakoe_daemon.voice.cuda.bert import CudaBert  # noqa: PLC0415, onnxruntime is heavy
        from hayakoe_daemon.voice.prepared_bert import ReadingBert  # noqa: PLC0415, as above

        return ReadingBert(made, tokenizer) if made.device is Device.CPU else CudaBert(made, tokenizer, self._card)

    def _of_no_use(self, wished: Order, voice: PreparedVoice, why: str) -> None:
        self._make_again(wished, voice.folder, wished.voice.shelf_name, why)

    def _make_again(self, wished: Order, folder: Path, shelf_name: str, why: str) -> None:
        """Once: what is of no use again is so by its nature."""
        log.warning("what was prepared in %s is of no use: %s", folder, why)
        Shelf(wished.voice.root).remove(shelf_name)
        if self._workshop is None:
            return
        if folder in self._made_again:
            job = wished.bert if shelf_name == wished.bert.shelf_name else wished.voice
            self._workshop.refuse(job, f"{job.name} is of no use once it is prepared: {why}")
        self._made_again.add(folder)
        self._workshop.order(wished)


def _files(store: Store, name: str) -> tuple[VoiceFiles, BertFiles]:
    files, bert = store.load(name), store.bert()
    if bert is None:
        raise VoiceError(
            "no BERT is installed, and no neural voice speaks without one:"
            f" `{typed('voices add --bert PATH-OR-ADDRESS')}`"
        )
    return files, bert


def _models(order: Order, found: Found) -> tuple[str, str]:
    """What names the two models: other ones would give other sound."""
    shelf = Shelf(order.voice.root)
    bert = found.bert.key if found.bert is not None else f"whole {bert_key(order.bert, shelf)}"
    voice = found.voice.key if found.voice is not None else f"whole {voice_key(order.voice, shelf)}"
    return bert, voice


def _read_again(found: Found, memory: GpuMemory) -> tuple[Path, ...]:
    """The files that are still needed once all is opened: but for what lies on a graphics card for good."""
    folders = [
        one.folder
        for one in (found.bert, found.voice)
        if one is not None and (one.device is Device.CPU or memory is GpuMemory.OFFLOAD)
    ]
    return tuple(path for folder in folders for path in sorted(folder.iterdir()) if path.suffix != ".json")
